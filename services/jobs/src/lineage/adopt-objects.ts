import { createHash } from 'node:crypto';
import type { Database } from '@irisvue/database';
import type { ObjectStore } from '@irisvue/storage';
import type { JobsDatabase } from '../schema.ts';
import type { ArtifactKind } from './schema.ts';

/** What an object belongs to. */
export interface Belonging {
  readonly photo_id?: string;
  readonly job_id?: string;
  readonly artwork_id?: string;
}

/**
 * Gives a row to each object under `prefixes` that has none, or whose row says that it is gone: a crash left it, or a
 * late writer. Its bytes are read for their hash. After that the table knows every object there.
 */
export async function adoptObjects(
  o: { readonly db: Database<JobsDatabase>; readonly store: ObjectStore },
  belonging: Belonging,
  prefixes: readonly string[],
): Promise<string[]> {
  const keys: string[] = [];
  for (const prefix of prefixes) for await (const { key } of o.store.list(prefix)) keys.push(key);
  await adoptKeys(o, belonging, keys);
  return keys;
}

/** The same for objects by key; those that the store does not have are left out. */
export async function adoptKeys(
  o: { readonly db: Database<JobsDatabase>; readonly store: ObjectStore },
  belonging: Belonging,
  keys: readonly string[],
): Promise<void> {
  if (keys.length === 0) return;
  const rows = await o.db
    .selectFrom('artifacts')
    .select('key')
    .where('key', 'in', keys)
    .where('erased_at', 'is', null)
    .execute();
  const known = new Set(rows.map((row) => row.key));
  for (const key of keys) {
    const stored = known.has(key) ? undefined : await o.store.head(key);
    if (stored === undefined) continue;
    const found = { sha256: await hashOf(o.store, key), size_bytes: stored.sizeBytes, erased_at: null };
    await o.db
      .insertInto('artifacts')
      .values({ key, kind: kindOf(key), ...belonging, ...found })
      .onConflict((conflict) => conflict.column('key').doUpdateSet(found))
      .execute();
  }
}

/** What an object is, by the key layout of packages/storage. */
function kindOf(key: string): ArtifactKind {
  if (key.startsWith('photos/')) return 'photo';
  if (key.startsWith('work/')) return key.endsWith('/labels.png') ? 'labels' : 'crop';
  if (key.startsWith('fusion/')) return key.endsWith('_thumb.jpg') ? 'thumbnail' : 'artwork';
  return key.endsWith('_mask.png') ? 'mask' : 'result';
}

async function hashOf(store: ObjectStore, key: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of await store.stream(key)) hash.update(chunk);
  return hash.digest('hex');
}

/** Keys of the artifacts that belong to a photo, a job or an artwork. */
export async function keysOf(db: Database<JobsDatabase>, belonging: Belonging): Promise<string[]> {
  const rows = await db
    .selectFrom('artifacts')
    .select('key')
    .where((of) => of.and(belonging))
    .execute();
  return rows.map((row) => row.key);
}
