import { create } from '@bufbuild/protobuf';
import type { Client, HandlerContext, ServiceImpl } from '@connectrpc/connect';
import { ConsentPurpose } from '@irisvue/contracts/irisvue/consent/v1/consent_service';
import type { ServiceIdentityService } from '@irisvue/contracts/irisvue/identity/v1/identity_service';
import { type JobLinks, JobLinksSchema } from '@irisvue/contracts/irisvue/jobs/v1/job';
import {
  type CancelJobRequest,
  type CreateJobsRequest,
  JobService,
  type WatchJobsRequest,
} from '@irisvue/contracts/irisvue/jobs/v1/job_service';
import { cutPage, type Database, once, readPage, requestKey } from '@irisvue/database';
import {
  type Clock,
  currentTraceHeaders,
  DomainError,
  ErrorReason,
  requireUser,
  stoppingSignal,
} from '@irisvue/runtime';
import type { Transaction } from 'kysely';
import { findArtwork } from './artwork-store.ts';
import { auditLink } from './audited.ts';
import { changeJob, type JobRow } from './change-job.ts';
import type { Changes } from './changes.ts';
import { type ConsentClient, distinctSubjects, requireConsent } from './consents.ts';
import { jobMessage } from './job-message.ts';
import { findJob, findJobs, insertJob, listJobs, stepsOfJobs, subjectsOfJob } from './job-store.ts';
import { priorityInBatch } from './jobs.ts';
import { isJobBlocked } from './lineage/tombstones.ts';
import type { Links } from './links.ts';
import { findPhotos, lockPhotos } from './photo-store.ts';
import { requireUploaded } from './photos.ts';
import { JobClassRank, type JobsDatabase } from './schema.ts';
import { sessionGuard } from './session-guard.ts';
import { STEPS_OF_KIND } from './steps.ts';
import { watchJobs } from './watch.ts';

export interface JobServiceOptions {
  readonly db: Database<JobsDatabase>;
  readonly consent: ConsentClient;
  readonly identity: Pick<Client<typeof ServiceIdentityService>, 'checkSession'>;
  readonly changes: Changes;
  readonly links: Links;
  readonly clock: Clock;
  readonly watchPollMs: number;
  readonly sessionCheckMs: number;
  /** Whether a session is known to have ended. */
  readonly isEnded: (sessionId: string) => boolean;
}

/** The RPC door of jobs. */
export function jobService(o: JobServiceOptions): ServiceImpl<typeof JobService> {
  return {
    createJobs: async (request, context) => ({ jobs: await messages(o, await createJobs(o, request, context)) }),
    getJob: async (request, context) => {
      const job = await jobOf(o, request.jobId, context);
      const links = await linksOf(o, job);
      return { job: jobMessage(job, await stepsOfJobs(o.db, [job.id]), links) };
    },
    listJobs: async (request, context) => {
      const page = readPage(request);
      const photoId = request.photoId || undefined;
      const rows = await listJobs(o.db, { userId: requireUser(context).userId, photoId, page });
      const { shown, nextPageToken } = cutPage(rows, page);
      return { jobs: await messages(o, shown), nextPageToken };
    },
    watchJobs: (request, context) => watch(o, request, context),
    cancelJob: async (request, context) => ({ job: (await messages(o, [await cancelJob(o, request, context)]))[0] }),
  };
}

/** NOT_FOUND for a job, also for somebody else's. */
function noSuchJob(id: string): DomainError {
  return new DomainError(ErrorReason.NOT_FOUND, 'there is no such job', { resource: 'job', id });
}

async function jobOf(o: JobServiceOptions, id: string, context: HandlerContext): Promise<JobRow> {
  const job = await findJob(o.db, id, requireUser(context).userId);
  if (job === undefined) throw noSuchJob(id);
  return job;
}

async function messages(o: JobServiceOptions, rows: readonly JobRow[]) {
  const ids = rows.map((row) => row.id);
  const steps = await stepsOfJobs(o.db, ids);
  return rows.map((row) => jobMessage(row, steps));
}

async function createJobs(
  o: JobServiceOptions,
  request: CreateJobsRequest,
  context: HandlerContext,
): Promise<JobRow[]> {
  const { userId } = requireUser(context);
  // Refused before anything is written; the capability of each step asks again.
  const photos = requireUploaded(request.photoIds, await findPhotos(o.db, request.photoIds), userId);
  await requireConsent(o.consent, photos, ConsentPurpose.DATA_PROCESSING, context.signal, userId);
  const { id } = await o.db.transaction().execute((trx) =>
    once(trx, requestKey(userId, JobService.method.createJobs, request), async () => {
      const ids = await insertBatch(trx, request.photoIds, userId);
      return ids.join(',');
    }),
  );
  return await findJobs(o.db, id.split(','));
}

async function insertBatch(trx: Transaction<JobsDatabase>, photoIds: readonly string[], userId: string) {
  const photos = requireUploaded(photoIds, await lockPhotos(trx, photoIds), userId);
  const ids: string[] = [];
  for (const [index, photo] of photos.entries()) {
    const job = {
      user_id: userId,
      kind: 'process',
      photo_id: photo.id,
      next_step: STEPS_OF_KIND.process[0]!,
      job_class: JobClassRank.high_priority,
      priority: priorityInBatch(index),
      traceparent: currentTraceHeaders()['traceparent'] ?? null,
    } as const;
    ids.push(await insertJob(trx, job, distinctSubjects([photo])));
  }
  return ids;
}

async function linksOf(o: JobServiceOptions, job: JobRow): Promise<JobLinks> {
  if (!(await mayBeLinked(o.db, job))) return create(JobLinksSchema);
  if (job.artwork_id !== null) return await linksOfArtwork(o, job, job.artwork_id);
  const target = { resource: 'job', id: job.id, user: job.user_id, epoch: job.link_epoch } as const;
  return create(JobLinksSchema, {
    originalUrl: await o.links.url({ ...target, artifact: 'original' }),
    resultUrl: job.result === null ? '' : await o.links.url({ ...target, artifact: 'result' }),
    maskUrl: job.mask === null ? '' : await o.links.url({ ...target, artifact: 'mask' }),
  });
}

/** Whether a job's links may be handed out; then the audit log is told that they are. */
async function mayBeLinked(db: Database<JobsDatabase>, job: JobRow): Promise<boolean> {
  return await db.transaction().execute(async (trx) => {
    if (await isJobBlocked(trx, job)) return false;
    const subjects = await subjectsOfJob(trx, job.id);
    await auditLink(trx, 'made', { userId: job.user_id, subjects, resources: { job: job.id } });
    return true;
  });
}

// The picture is the artwork's: its links end with those of the artwork.
async function linksOfArtwork(o: JobServiceOptions, job: JobRow, artworkId: string): Promise<JobLinks> {
  const artwork = job.result === null ? undefined : await findArtwork(o.db, artworkId, job.user_id);
  if (artwork === undefined) return create(JobLinksSchema);
  const target = { resource: 'artwork', id: artworkId, user: job.user_id, epoch: artwork.link_epoch } as const;
  return create(JobLinksSchema, { resultUrl: await o.links.url({ ...target, artifact: 'result' }) });
}

async function* watch(o: JobServiceOptions, request: WatchJobsRequest, context: HandlerContext) {
  const caller = requireUser(context);
  const stopping = stoppingSignal(context);
  const pages = watchJobs({
    db: o.db,
    changes: o.changes,
    userId: caller.userId,
    afterRevision: Number(request.afterRevision),
    jobIds: request.jobIds,
    pollMs: o.watchPollMs,
    stillAllowed: sessionGuard({ ...o, caller, checkMs: o.sessionCheckMs }),
    signal: AbortSignal.any([context.signal, stopping]),
  });
  for await (const rows of pages) {
    for (const job of await messages(o, rows)) yield { job };
  }
  if (stopping.aborted) {
    const metadata = { dependency: 'jobs' };
    throw new DomainError(ErrorReason.DEPENDENCY_DOWN, 'the service stops; resume with after_revision', metadata);
  }
}

async function cancelJob(o: JobServiceOptions, request: CancelJobRequest, context: HandlerContext): Promise<JobRow> {
  const { userId } = requireUser(context);
  await o.db.transaction().execute((trx) =>
    once(trx, requestKey(userId, JobService.method.cancelJob, request), async () => {
      if ((await findJob(trx, request.jobId, userId)) === undefined) throw noSuchJob(request.jobId);
      await changeJob(trx, { jobId: request.jobId }, { type: 'cancelled' });
      return request.jobId;
    }),
  );
  return await jobOf(o, request.jobId, context);
}
