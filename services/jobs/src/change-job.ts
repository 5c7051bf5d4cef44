import { create } from '@bufbuild/protobuf';
import { JobCancelledSchema, JobCompletedSchema, JobFailedSchema } from '@irisvue/contracts/irisvue/jobs/v1/events';
import { RejectionSchema } from '@irisvue/contracts/irisvue/media/v1/media';
import { appendEvent, appendEvents } from '@irisvue/events';
import { type Selectable, sql, type Transaction, type UpdateObject } from 'kysely';
import { ERROR_TYPES, JOB_KINDS } from './job-enums.ts';
import { type JobChange, type JobHappening, type JobState, nextState } from './jobs.ts';
import { toColumn } from './message-column.ts';
import type { JobsDatabase, JobTable } from './schema.ts';

export type JobRow = Selectable<JobTable>;
/** Columns of a job to be written. */
export type JobColumns = UpdateObject<JobsDatabase, 'jobs'>;

/** What entitles a runner to write: it holds this attempt of this job. */
export interface Lease {
  readonly jobId: string;
  /** The fencing token: grows with every claim. */
  readonly attempt: number;
  readonly holder: string;
}

/** A time so many milliseconds from now, by the database's clock: the one clock that all runners share. */
export function fromNow(ms: number) {
  return sql<Date>`now() + ${ms} * interval '1 millisecond'`;
}

/**
 * Locks the job's row; with a lease only while that lease holds it. Undefined: there is no such job, or the lease is
 * lost.
 */
export function lockJob(
  trx: Transaction<JobsDatabase>,
  target: Lease | { readonly jobId: string },
): Promise<(JobRow & Pick<JobState, 'outMs'>) | undefined> {
  const outMs = sql<number>`(coalesce(extract(epoch FROM now() - out_since), 0) * 1000)::float8`.as('outMs');
  let query = trx.selectFrom('jobs').selectAll().select(outMs).where('id', '=', target.jobId);
  if ('holder' in target) {
    query = query
      .where('attempt', '=', target.attempt)
      .where('lease_holder', '=', target.holder)
      .where('status', '=', 'processing');
  }
  return query.forUpdate().executeTakeFirst();
}

/**
 * Lets something happen to a job: applies the state machine, writes the new state with `extra` columns, and appends
 * the event of an ending, all in the caller's transaction. Gives the job as it was before; undefined when nothing
 * changed: the lease is lost, or the job has ended.
 */
export async function changeJob(
  trx: Transaction<JobsDatabase>,
  target: Lease | { readonly jobId: string },
  happening: JobHappening,
  extra: JobColumns = {},
): Promise<JobRow | undefined> {
  const job = await lockJob(trx, target);
  const change = job && nextState(job, happening);
  if (change === undefined) return undefined;
  await trx
    .updateTable('jobs')
    .set({ ...columnsOf(change), ...extra })
    .where('id', '=', job!.id)
    .execute();
  await appendEnding(trx, job!, change);
  return job;
}

/**
 * Cancels those of the jobs that have not ended; gives how many. A hundred take a few statements, so that they stop as
 * fast as one. `reason` is for a person.
 */
export async function cancelJobs(
  trx: Transaction<JobsDatabase>,
  ids: readonly string[],
  reason?: string,
): Promise<number> {
  if (ids.length === 0) return 0;
  const rows = await trx.selectFrom('jobs').selectAll().where('id', 'in', ids).orderBy('id').forUpdate().execute();
  const change = { status: 'cancelled', message: reason } as const;
  const unended = rows.filter((job) => nextState({ ...job, outMs: 0 }, { type: 'cancelled', reason }) !== undefined);
  // Rows first, then the owners' locks (see the migration), each in one order.
  for (const userId of [...new Set(unended.map((job) => job.user_id))].sort()) {
    const mine = unended.filter((job) => job.user_id === userId).map((job) => job.id);
    await trx.updateTable('jobs').set(columnsOf(change)).where('id', 'in', mine).execute();
  }
  const events = unended.map((job) => create(JobCancelledSchema, { jobId: job.id, userId: job.user_id }));
  await appendEvents(trx, JobCancelledSchema, events);
  return unended.length;
}

const RELEASED = { lease_holder: null, lease_expires_at: null } as const;

function columnsOf(change: JobChange): JobColumns {
  const ended = { ...RELEASED, ended_at: sql<Date>`now()`, sweep_at: sql<Date>`now()` };
  switch (change.status) {
    case 'processing':
      return { status: 'processing' };
    case 'pending': {
      const { retries, crashes } = change;
      const outage = change.isOut ? { out_since: sql<Date>`coalesce(out_since, now())` } : {};
      return { ...RELEASED, ...outage, status: 'pending', retries, crashes, available_at: fromNow(change.delayMs) };
    }
    case 'completed':
      return { ...ended, status: 'completed', step: 'saving', progress: 100 };
    case 'failed': {
      const rejection = change.rejection ? toColumn(RejectionSchema, change.rejection) : null;
      const { errorType, message, suggestion } = change;
      return { ...ended, status: 'failed', error_type: errorType, error_message: message, suggestion, rejection };
    }
    case 'cancelled':
      return { ...ended, status: 'cancelled', error_message: change.message ?? null };
    default:
      return change satisfies never;
  }
}

async function appendEnding(trx: Transaction<JobsDatabase>, job: JobRow, change: JobChange): Promise<void> {
  const ids = { jobId: job.id, userId: job.user_id };
  switch (change.status) {
    case 'processing':
    case 'pending':
      return;
    case 'completed':
      return appendEvent(trx, JobCompletedSchema, create(JobCompletedSchema, { ...ids, kind: JOB_KINDS[job.kind] }));
    case 'failed': {
      const errorType = ERROR_TYPES[change.errorType];
      return appendEvent(trx, JobFailedSchema, create(JobFailedSchema, { ...ids, errorType }));
    }
    case 'cancelled':
      return appendEvent(trx, JobCancelledSchema, create(JobCancelledSchema, ids));
    default:
      return change satisfies never;
  }
}
