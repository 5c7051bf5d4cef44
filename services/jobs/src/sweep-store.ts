import { ObjectRefSchema } from '@irisvue/contracts/irisvue/media/v1/media';
import type { Database } from '@irisvue/database';
import { type RawBuilder, sql } from 'kysely';
import { fromNow } from './change-job.ts';
import { fromColumn } from './message-column.ts';
import type { JobsDatabase } from './schema.ts';

/** Rows that one sweep looks at; the next one goes on. */
const BATCH = 50;

/** When a row was due, to the microsecond: a row that became due anew since then is not the one that was swept. */
const due = sql<string>`sweep_at::text`.as('due');

/**
 * As subjectDigest computes it. What belongs to somebody who is being erased is left to the erasure, whose certificate
 * lists each object.
 */
function digestOf(kind: RawBuilder<unknown>, id: RawBuilder<unknown>): RawBuilder<Buffer> {
  return sql<Buffer>`sha256(convert_to(${kind} || ' ' || ${id}::text, 'UTF8'))`;
}

/** An ended job whose objects are due, and those of them that stay. */
export interface JobToSweep {
  readonly id: string;
  readonly due: string;
  readonly userId: string;
  readonly artworkId: string | null;
  readonly keep: readonly string[];
}

/** Ended jobs that are due for a sweep of their objects, but for those of somebody who is being erased. */
export async function jobsToSweep(db: Database<JobsDatabase>): Promise<JobToSweep[]> {
  const rows = await db
    .selectFrom('jobs')
    .leftJoin('artworks', 'artworks.id', 'jobs.artwork_id')
    .select(['jobs.id', 'jobs.user_id', 'jobs.artwork_id', 'jobs.result', 'jobs.mask', 'artworks.thumbnail'])
    .select(due)
    .where('jobs.sweep_at', '<=', sql<Date>`now()`)
    .where(
      sql<boolean>`NOT EXISTS (SELECT 1 FROM blocked_subjects b
        WHERE b.subject_sha256 = ${digestOf(sql`'self'`, sql.ref('jobs.user_id'))} OR b.subject_sha256 IN (
          SELECT ${digestOf(sql.ref('s.subject_kind'), sql.ref('s.subject_id'))} FROM job_subjects s
          WHERE s.job_id = jobs.id))`,
    )
    .limit(BATCH)
    .execute();
  return rows.map((row) => ({
    id: row.id,
    due: row.due,
    userId: row.user_id,
    artworkId: row.artwork_id,
    keep: [row.result, row.mask, row.thumbnail].flatMap((column) => fromColumn(ObjectRefSchema, column)?.key ?? []),
  }));
}

/** Deleted photos whose bytes are due, but for those of somebody who is being erased. */
export function photosToSweep(
  db: Database<JobsDatabase>,
): Promise<Array<{ id: string; object_key: string; due: string }>> {
  return db
    .selectFrom('photos')
    .select(['id', 'object_key'])
    .select(due)
    .where('sweep_at', '<=', sql<Date>`now()`)
    .where(
      sql<boolean>`NOT EXISTS (SELECT 1 FROM blocked_subjects b WHERE b.subject_sha256 IN (
        ${digestOf(sql`'self'`, sql.ref('user_id'))}, ${digestOf(sql.ref('subject_kind'), sql.ref('subject_id'))}))`,
    )
    .limit(BATCH)
    .execute();
}

/**
 * Notes that a row's objects were swept. The first sweep is followed by a second one after `againMs`, for what a
 * writer that was cut off late may still have stored; then it is done with. A row that was buried while it was swept
 * is due anew, and stays so.
 */
export async function markSwept(
  db: Database<JobsDatabase>,
  table: 'jobs' | 'photos',
  swept: { readonly id: string; readonly due: string },
  againMs: number,
): Promise<void> {
  await db
    .updateTable(table)
    .set({ sweeps: sql`sweeps + 1`, sweep_at: sql`CASE WHEN sweeps = 0 THEN ${fromNow(againMs)} END` })
    .where('id', '=', swept.id)
    .where('sweep_at', '=', sql<Date>`${swept.due}::timestamptz`)
    .execute();
}
