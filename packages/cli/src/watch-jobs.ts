import { setTimeout as delay } from 'node:timers/promises';
import { Code, ConnectError, createClient } from '@connectrpc/connect';
import { type Job, JobStatus } from '@irisvue/contracts/irisvue/jobs/v1/job';
import { JobService } from '@irisvue/contracts/irisvue/jobs/v1/job_service';
import type { Account } from './account.ts';

/** A lost stream is taken up again after this long, doubled each time, up to the last. */
const reconnectDelaysMs = [250, 500, 1000, 2000, 4000, 4000, 4000, 4000, 4000, 4000];

/** Most job ids that one call may name. */
const largestWatch = 250;

/** Whether a job will not change again. */
export function hasEnded(job: Job): boolean {
  return job.status === JobStatus.COMPLETED || job.status === JobStatus.FAILED || job.status === JobStatus.CANCELLED;
}

/**
 * Yields every snapshot of the named jobs until all have ended. A lost stream resumes after the last revision seen.
 * @throws ConnectError when the gateway stays away, or refuses.
 */
export async function* watchJobs(account: Account, jobIds: readonly string[], signal?: AbortSignal) {
  for (let first = 0; first < jobIds.length; first += largestWatch) {
    yield* watchSome(account, jobIds.slice(first, first + largestWatch), signal);
  }
}

async function* watchSome(account: Account, jobIds: string[], signal?: AbortSignal): AsyncGenerator<Job> {
  const jobs = createClient(JobService, account.transport);
  const open = new Set(jobIds);
  let revision = 0n;
  let failures = 0;
  while (open.size > 0) {
    try {
      for await (const { job } of jobs.watchJobs({ jobIds, afterRevision: revision }, { signal })) {
        if (!job) continue;
        failures = 0;
        if (job.revision > revision) revision = job.revision;
        if (hasEnded(job)) open.delete(job.id);
        yield job;
      }
      if (open.size > 0) throw new ConnectError('the stream ended early', Code.Unavailable);
    } catch (error) {
      const pause = reconnectDelaysMs[failures++];
      if (signal?.aborted || pause === undefined || !worthRetrying(error)) throw error;
      await delay(pause, undefined, { signal });
    }
  }
}

function worthRetrying(error: unknown): boolean {
  const { code } = ConnectError.from(error);
  return [Code.Unavailable, Code.Unknown, Code.Aborted, Code.Internal, Code.ResourceExhausted].includes(code);
}
