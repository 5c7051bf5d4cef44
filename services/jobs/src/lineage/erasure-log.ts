import { type Database, newId } from '@irisvue/database';
import { type Selectable, sql, type Transaction } from 'kysely';
import type { JobsDatabase } from '../schema.ts';
import type { ErasedJointWorkTable, ErasedObjectTable } from './schema.ts';

export type ErasedObjectRow = Selectable<ErasedObjectTable>;
export type JointWorkRow = Selectable<ErasedJointWorkTable>;

/** Objects told at once. */
const PAGE = 100;

/**
 * Moves the rows of artifacts whose objects are deleted from the lineage to the log of the erasure. Those that a sweep
 * had removed before are not told of: they were erased then. Gives what is new in the log.
 */
export async function logErased(
  trx: Transaction<JobsDatabase>,
  erasureId: string,
  keys: readonly string[],
): Promise<ErasedObjectRow[]> {
  if (keys.length === 0) return [];
  const gone = await trx
    .deleteFrom('artifacts')
    .where('key', 'in', keys)
    .returning(['kind', 'sha256', 'size_bytes', 'erased_at'])
    .execute();
  const told = gone.filter((artifact) => artifact.erased_at === null);
  if (told.length === 0) return [];
  return await trx
    .insertInto('erased_objects')
    .values(
      told.map(({ kind, sha256, size_bytes }) => ({ id: newId(), erasure_id: erasureId, kind, sha256, size_bytes })),
    )
    .returningAll()
    .execute();
}

/** Logs what became of a work of several people. */
export async function logJointWork(
  trx: Transaction<JobsDatabase>,
  work: Omit<JointWorkRow, 'erased_at'>,
): Promise<JointWorkRow> {
  return await trx.insertInto('erased_joint_works').values(work).returningAll().executeTakeFirstOrThrow();
}

/** All objects that an erasure has erased so far, page by page. */
export async function* erasedObjects(db: Database<JobsDatabase>, erasureId: string): AsyncGenerator<ErasedObjectRow[]> {
  let after: string | undefined;
  for (;;) {
    let query = db.selectFrom('erased_objects').selectAll().where('erasure_id', '=', erasureId);
    if (after !== undefined) query = query.where('id', '>', after);
    const page = await query.orderBy('id').limit(PAGE).execute();
    if (page.length > 0) yield page;
    if (page.length < PAGE) return;
    after = page.at(-1)!.id;
  }
}

/** What became of works of several people so far. */
export async function jointWorks(db: Database<JobsDatabase>, erasureId: string): Promise<JointWorkRow[]> {
  return await db.selectFrom('erased_joint_works').selectAll().where('erasure_id', '=', erasureId).execute();
}

/** Takes a user out of the logs of all erasures: who was to be told of somebody else's is now gone too. */
export async function forgetInLogs(db: Database<JobsDatabase>, userId: string): Promise<number> {
  const updated = await db
    .updateTable('erased_joint_works')
    .set({ other_user_ids: sql`array_remove(other_user_ids, ${userId}::uuid)` })
    .where(sql<boolean>`${userId}::uuid = ANY(other_user_ids)`)
    .executeTakeFirst();
  return Number(updated.numUpdatedRows);
}

/** Forgets what was logged before `before`; gives how many rows. */
export async function forgetLogs(db: Database<JobsDatabase>, before: Date): Promise<number> {
  let rows = 0;
  for (const table of ['erased_objects', 'erased_joint_works'] as const) {
    const deleted = await db.deleteFrom(table).where('erased_at', '<', before).executeTakeFirst();
    rows += Number(deleted.numDeletedRows);
  }
  return rows;
}
