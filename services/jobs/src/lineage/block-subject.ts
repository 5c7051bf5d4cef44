import type { Database } from '@irisvue/database';
import { sql } from 'kysely';
import { cancelJobs } from '../change-job.ts';
import type { SubjectRow } from '../job-store.ts';
import type { JobsDatabase } from '../schema.ts';
import { artworksOf, holderId } from './scope.ts';
import { setTombstone } from './tombstones.ts';

/** What the owner of a job reads that ended because somebody in it is erased. */
export const SUBJECT_ERASED = 'The data of a person in this picture is being erased';

/**
 * Blocks a subject: once this resolves, nothing new about it is stored or handed out, no job works on it, and the links
 * of all works that show it are dead. Harmless to repeat. Gives how many jobs were stopped, and how many works that
 * others take part in are out of reach.
 */
export async function blockSubject(
  db: Database<JobsDatabase>,
  subject: SubjectRow,
  erasureId: string,
): Promise<{ readonly stoppedJobs: number; readonly blockedArtworks: number }> {
  await setTombstone(db, subject, erasureId);
  // From here on no transaction adds a job or an artwork with this subject: what is found now is all.
  const stoppedJobs = await stopJobs(db, subject);
  await db
    .updateTable('artworks')
    .set({ link_epoch: sql`link_epoch + 1` })
    .where('id', 'in', artworksOf(db, subject).select('artworks.id'))
    .execute();
  return { stoppedJobs, blockedArtworks: await countJointArtworks(db, subject) };
}

async function stopJobs(db: Database<JobsDatabase>, subject: SubjectRow): Promise<number> {
  const userId = holderId(subject);
  const unended = await db
    .selectFrom('jobs')
    .select('id')
    .where('status', 'in', ['pending', 'processing'])
    .where((either) => {
      const { subject_id, subject_kind } = subject;
      const touched = either
        .selectFrom('job_subjects')
        .select('job_id')
        .where((of) => of.and({ subject_id, subject_kind }));
      const onSubject = either('id', 'in', touched);
      return userId === undefined ? onSubject : either.or([onSubject, either('user_id', '=', userId)]);
    })
    .execute();
  const ids = unended.map((job) => job.id);
  return await db.transaction().execute((trx) => cancelJobs(trx, ids, SUBJECT_ERASED));
}

/** Works that stand and that somebody else made or is in. */
async function countJointArtworks(db: Database<JobsDatabase>, subject: SubjectRow): Promise<number> {
  const { count } = await artworksOf(db, subject)
    .select((of) => of.fn.countAll<number>().as('count'))
    .where('deleted_at', 'is', null)
    .where((either) =>
      either.or([
        either('creator_id', '<>', subject.subject_id),
        either.exists(
          either
            .selectFrom('artwork_sources')
            .whereRef('artwork_sources.artwork_id', '=', 'artworks.id')
            .where('artwork_sources.owner_id', '<>', subject.subject_id),
        ),
      ]),
    )
    .executeTakeFirstOrThrow();
  return count;
}
