import { create } from '@bufbuild/protobuf';
import { JobSubmittedSchema } from '@irisvue/contracts/irisvue/jobs/v1/events';
import { type Database, newId, type Page } from '@irisvue/database';
import { appendEvent } from '@irisvue/events';
import type { Insertable, Selectable, Transaction } from 'kysely';
import { auditJobSubmitted } from './audited.ts';
import type { JobRow } from './change-job.ts';
import { JOB_KINDS } from './job-enums.ts';
import { holderOf, requireUnblocked } from './lineage/tombstones.ts';
import type { JobStepTable, JobSubjectTable, JobsDatabase, JobTable } from './schema.ts';

export type StepRow = Selectable<JobStepTable>;
export type SubjectRow = Omit<Selectable<JobSubjectTable>, 'job_id'>;
/** What a submitter decides about a job; the rest starts at its defaults. */
export type NewJob = Pick<
  Insertable<JobTable>,
  'user_id' | 'kind' | 'photo_id' | 'artwork_id' | 'next_step' | 'job_class' | 'priority' | 'traceparent'
>;

/**
 * Submits a job that touches the eyes of `subjects`, and announces it. Gives its id. `byService`: it is submitted for its
 * owner, not by the owner. Throws SUBJECT_ERASED when one of them, or the owner, is erased.
 */
export async function insertJob(
  trx: Transaction<JobsDatabase>,
  job: NewJob,
  subjects: readonly SubjectRow[],
  o: { readonly byService?: string } = {},
): Promise<string> {
  await requireUnblocked(trx, [...subjects, holderOf(job.user_id)]);
  const id = newId();
  await trx
    .insertInto('jobs')
    .values({ id, ...job })
    .execute();
  await trx
    .insertInto('job_subjects')
    .values(subjects.map((subject) => ({ job_id: id, ...subject })))
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  const event = { jobId: id, userId: job.user_id, kind: JOB_KINDS[job.kind] };
  await appendEvent(trx, JobSubmittedSchema, create(JobSubmittedSchema, event));
  await auditJobSubmitted(trx, { ...job, id, ...o }, subjects);
  return id;
}

/** One job of `userId`; undefined when there is none, it is deleted, or it is somebody else's. */
export function findJob(db: Database<JobsDatabase>, id: string, userId: string): Promise<JobRow | undefined> {
  return db
    .selectFrom('jobs')
    .selectAll()
    .where('id', '=', id)
    .where('user_id', '=', userId)
    .where('deleted_at', 'is', null)
    .executeTakeFirst();
}

/** Jobs by id, in the order of `ids`. */
export async function findJobs(db: Database<JobsDatabase>, ids: readonly string[]): Promise<JobRow[]> {
  const rows = await db.selectFrom('jobs').selectAll().where('id', 'in', ids).execute();
  const byId = new Map(rows.map((row) => [row.id, row]));
  return ids.flatMap((id) => byId.get(id) ?? []);
}

/** A user's jobs, newest first, one more than the page holds. */
export function listJobs(
  db: Database<JobsDatabase>,
  o: { readonly userId: string; readonly photoId?: string; readonly page: Page },
): Promise<JobRow[]> {
  let query = db.selectFrom('jobs').selectAll().where('user_id', '=', o.userId).where('deleted_at', 'is', null);
  if (o.photoId !== undefined) query = query.where('photo_id', '=', o.photoId);
  if (o.page.last !== undefined) query = query.where('id', '<', o.page.last);
  return query
    .orderBy('id', 'desc')
    .limit(o.page.limit + 1)
    .execute();
}

/** The finished steps of jobs, in the order in which they were done. */
export async function stepsOfJobs(db: Database<JobsDatabase>, jobIds: readonly string[]): Promise<StepRow[]> {
  if (jobIds.length === 0) return [];
  return await db.selectFrom('job_steps').selectAll().where('job_id', 'in', jobIds).orderBy('created_at').execute();
}

/** Whose eyes a job touches. */
export function subjectsOfJob(db: Database<JobsDatabase>, jobId: string): Promise<SubjectRow[]> {
  return db.selectFrom('job_subjects').select(['subject_id', 'subject_kind']).where('job_id', '=', jobId).execute();
}

/** Ids of the jobs on a subject's eyes that have not ended; with `uploaderId` those on that user's photos only. */
export async function unendedJobsOfSubject(
  db: Database<JobsDatabase>,
  subject: SubjectRow,
  uploaderId?: string,
): Promise<string[]> {
  let query = db
    .selectFrom('jobs')
    .innerJoin('job_subjects', 'job_subjects.job_id', 'jobs.id')
    .select('jobs.id')
    .where('job_subjects.subject_id', '=', subject.subject_id)
    .where('job_subjects.subject_kind', '=', subject.subject_kind)
    .where('jobs.status', 'in', ['pending', 'processing']);
  if (uploaderId !== undefined) query = query.where('jobs.user_id', '=', uploaderId).where('photo_id', 'is not', null);
  return (await query.execute()).map((row) => row.id);
}

/** What a watcher reads next: jobs of a user whose revision is greater than `after`, in the order of change. */
export async function changedJobs(
  db: Database<JobsDatabase>,
  o: { readonly userId: string; readonly after: number; readonly jobIds: readonly string[]; readonly limit: number },
): Promise<JobRow[]> {
  let query = db
    .selectFrom('jobs')
    .selectAll()
    .where('user_id', '=', o.userId)
    .where('revision', '>', o.after)
    // A deleted job is told of once, when the deletion cancelled it.
    .where((either) => either.or([either('deleted_at', 'is', null), either('status', '=', 'cancelled')]));
  if (o.jobIds.length > 0) query = query.where('id', 'in', o.jobIds);
  return await query.orderBy('revision').limit(o.limit).execute();
}

/**
 * A fresh watcher's starting point: the jobs that it is shown first, and the revision that it reads on from. All that
 * have not ended, or, by name, the named ones whether ended or not. One snapshot: nothing falls between the two.
 */
export async function openingJobs(
  db: Database<JobsDatabase>,
  o: { readonly userId: string; readonly jobIds: readonly string[] },
): Promise<{ readonly jobs: JobRow[]; readonly revision: number }> {
  return await db
    .transaction()
    .setIsolationLevel('repeatable read')
    .setAccessMode('read only')
    .execute(async (trx) => {
      const mine = trx.selectFrom('jobs').where('user_id', '=', o.userId);
      const head = await mine.select((of) => of.fn.max('revision').as('revision')).executeTakeFirst();
      const shown =
        o.jobIds.length > 0 ? mine.where('id', 'in', o.jobIds) : mine.where('status', 'in', ['pending', 'processing']);
      const jobs = await shown.selectAll().where('deleted_at', 'is', null).orderBy('revision').execute();
      return { jobs, revision: head?.revision ?? 0 };
    });
}

/** How many of the named jobs of a user exist, and how many have not ended. */
export async function countJobs(
  db: Database<JobsDatabase>,
  o: { readonly userId: string; readonly jobIds: readonly string[] },
): Promise<{ readonly known: number; readonly unended: number }> {
  const rows = await db
    .selectFrom('jobs')
    .select(['id', 'status'])
    .where('user_id', '=', o.userId)
    .where('id', 'in', o.jobIds)
    .execute();
  const unended = rows.filter((row) => row.status === 'pending' || row.status === 'processing').length;
  return { known: rows.length, unended };
}
