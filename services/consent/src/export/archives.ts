import { exportKey, exportPrefix, exportsPrefix, type ObjectStore } from '@irisvue/storage';
import type { ErasedPart } from '../privacy/parties.ts';
import { withdrawRequests } from '../privacy/privacy-requests.ts';
import type { ExportRow, PrivacyDb, PrivacyTrx } from '../privacy/schema.ts';
import type { Subject } from '../subjects.ts';

const KEY = /^exports\/[0-9a-f-]{36}\/([0-9a-f-]{36})\/(\d+)\.zip$/;
const ROOT = 'exports/';

type Db = PrivacyDb | PrivacyTrx;

/**
 * Deletes the archives under a prefix that no export stands for: of one that was deleted, whose time is over, or that a
 * worker stored that was taken for dead. A row names its try before the try stores anything, so what a worker is packing
 * is spared. Gives how many.
 */
export async function removeStrays(
  o: { readonly db: PrivacyDb; readonly store: ObjectStore },
  prefix = ROOT,
): Promise<number> {
  let removed = 0;
  for await (const { key } of o.store.list(prefix)) {
    const [, id, attempt] = KEY.exec(key) ?? [];
    if (id !== undefined && (await isWanted(o.db, id, Number(attempt)))) continue;
    await o.store.delete(key);
    removed += 1;
  }
  return removed;
}

async function isWanted(db: PrivacyDb, id: string, attempt: number): Promise<boolean> {
  const row = await db
    .selectFrom('exports')
    .select('id')
    .where('id', '=', id)
    .where('attempt', '=', attempt)
    .where('state', 'in', ['packing', 'completed'])
    .executeTakeFirst();
  return row !== undefined;
}

/** Exports that hold something of a subject, or whose links were handed to it. */
function exportsOf(db: Db, subject: Subject) {
  return db.selectFrom('exports').where((either) => {
    const about = either('subject_id', '=', subject.id);
    return subject.kind === 'self' ? either.or([about, either('user_id', '=', subject.id)]) : about;
  });
}

/** Stops the exports of a subject that is being erased, and puts its archives out of reach. */
export async function blockExports(trx: PrivacyTrx, subject: Subject, now: Date): Promise<void> {
  const blocked = await trx
    .updateTable('exports')
    .set({ state: 'blocked', leased_by: null, leased_until: null, waiting_for: '' })
    .where('id', 'in', exportsOf(trx, subject).select('id'))
    .where('state', 'in', ['pending', 'packing', 'completed'])
    .returning('id')
    .execute();
  await withdrawRequests(
    trx,
    blocked.map(({ id }) => id),
    now,
  );
}

/** Erases the archives of a blocked subject from the store, and tells of each; the rows stay for eraseExports. */
export async function* eraseArchives(
  { db, store }: { readonly db: PrivacyDb; readonly store: ObjectStore },
  subject: Subject,
): AsyncGenerator<ErasedPart> {
  const rows = await exportsOf(db, subject).selectAll().orderBy('id').execute();
  for (const row of rows) {
    await store.deletePrefix(exportPrefix(row.subject_id, row.id));
    const { id, state, sha256, size_bytes } = row;
    if (state !== 'blocked' || sha256 === null) continue; // nothing of it was in the store any more, or not yet
    const object = { id, kind: 'export', sha256, sizeBytes: size_bytes ?? 0 };
    yield { objects: [object], rows: 0, jointWorks: [] };
  }
  await store.deletePrefix(exportsPrefix(subject.id));
}

/** Removes the rows of the exports of a subject; gives how many. */
export async function eraseExports(trx: PrivacyTrx, subject: Subject): Promise<number> {
  const { numDeletedRows } = await trx
    .deleteFrom('exports')
    .where('id', 'in', exportsOf(trx, subject).select('id'))
    .executeTakeFirst();
  return Number(numDeletedRows);
}

/** How many archives of a subject lie in the store. */
export async function countArchives(store: ObjectStore, subject: Subject): Promise<number> {
  let count = 0;
  for await (const _ of store.list(exportsPrefix(subject.id))) count += 1;
  return count;
}

/** Where the try of a worker stores its archive. */
export const archiveKey = (row: Pick<ExportRow, 'id' | 'subject_id'>, attempt: number): string =>
  exportKey(row.subject_id, row.id, attempt);
