import type { Database } from '@irisvue/database';
import type { ObjectStore } from '@irisvue/storage';
import type { JobsDatabase } from '../schema.ts';

/** Keys looked up at once. */
const BATCH = 500;

const ID = '([0-9a-f-]{36})';
/** Where each folder of the key layout (packages/storage) names the row that its objects belong to. */
const OWNERS = [
  { table: 'photos', key: new RegExp(`^photos/${ID}/${ID}$`), id: 2 },
  { table: 'jobs', key: new RegExp(`^(?:processed|work)/${ID}/${ID}/`), id: 2 },
  { table: 'artworks', key: new RegExp(`^fusion/${ID}/`), id: 1 },
] as const;

/**
 * Objects that belong to no row. A row is there before the first byte of its objects is, so each of them was stored by
 * a writer that came too late: an upload link used after its photo was erased, or a slot that did not stop in time.
 * Objects outside of the key layout are not judged.
 */
export async function* orphans(
  o: { readonly db: Database<JobsDatabase>; readonly store: ObjectStore },
  prefix = '',
): AsyncGenerator<string> {
  let batch: string[] = [];
  for await (const { key } of o.store.list(prefix)) {
    batch.push(key);
    if (batch.length < BATCH) continue;
    yield* await withoutRow(o.db, batch);
    batch = [];
  }
  yield* await withoutRow(o.db, batch);
}

async function withoutRow(db: Database<JobsDatabase>, keys: readonly string[]): Promise<string[]> {
  const found: string[] = [];
  for (const { table, key: pattern, id } of OWNERS) {
    const named = keys.flatMap((key) => {
      const match = pattern.exec(key);
      return match ? [{ key, id: match[id]! }] : [];
    });
    if (named.length === 0) continue;
    const ids = [...new Set(named.map((each) => each.id))];
    const rows = await db.selectFrom(table).select('id').where('id', 'in', ids).execute();
    const known = new Set(rows.map((row) => row.id));
    found.push(...named.filter((each) => !known.has(each.id)).map(({ key }) => key));
  }
  return found;
}
