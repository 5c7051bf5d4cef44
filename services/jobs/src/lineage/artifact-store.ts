import type { Database } from '@irisvue/database';
import { type Insertable, type Selectable, sql, type Transaction } from 'kysely';
import type { SubjectRow } from '../job-store.ts';
import type { JobsDatabase } from '../schema.ts';
import type { ArtifactTable } from './schema.ts';

export type ArtifactRow = Selectable<ArtifactTable>;

/** A stored object and what it was made of. */
export interface MadeArtifact extends Omit<Insertable<ArtifactTable>, 'erased_at'> {
  /** Keys of artifacts. Those that the table does not have are left out. */
  readonly parents: readonly string[];
}

/** Records objects that show the eyes of `subjects`. Harmless to repeat. */
export async function recordArtifacts(
  trx: Transaction<JobsDatabase>,
  made: readonly MadeArtifact[],
  subjects: readonly SubjectRow[],
): Promise<void> {
  for (const { parents, ...artifact } of made) {
    await trx
      .insertInto('artifacts')
      .values(artifact)
      .onConflict((conflict) => conflict.doNothing())
      .execute();
    if (parents.length > 0) {
      await trx
        .insertInto('artifact_parents')
        .columns(['key', 'parent_key'])
        .expression((of) =>
          of
            .selectFrom('artifacts')
            .select([sql.val(artifact.key).as('key'), 'key as parent_key'])
            .where('key', 'in', parents),
        )
        .onConflict((conflict) => conflict.doNothing())
        .execute();
    }
    if (subjects.length === 0) continue;
    await trx
      .insertInto('artifact_subjects')
      .values(subjects.map(({ subject_id, subject_kind }) => ({ key: artifact.key, subject_id, subject_kind })))
      .onConflict((conflict) => conflict.doNothing())
      .execute();
  }
}

/** The artifacts of a job whose objects are there. */
export async function storedArtifactsOfJob(db: Database<JobsDatabase>, jobId: string): Promise<ArtifactRow[]> {
  return await db
    .selectFrom('artifacts')
    .selectAll()
    .where('job_id', '=', jobId)
    .where('erased_at', 'is', null)
    .execute();
}

/** Notes that an object is gone; its row stays as a link of the lineage. Harmless when there is none. */
export async function markErased(db: Database<JobsDatabase>, key: string): Promise<void> {
  await db
    .updateTable('artifacts')
    .set({ erased_at: sql<Date>`now()` })
    .where('key', '=', key)
    .where('erased_at', 'is', null)
    .execute();
}
