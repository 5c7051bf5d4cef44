import { basename, extname } from 'node:path';
import { createClient } from '@connectrpc/connect';
import { type Job, JobStatus } from '@irisvue/contracts/irisvue/jobs/v1/job';
import { JobService } from '@irisvue/contracts/irisvue/jobs/v1/job_service';
import { v7 as uuidv7 } from 'uuid';
import type { Account } from './account.ts';
import { explain } from './explain.ts';
import type { ProgressBars } from './progress-bars.ts';
import { FileRefused, type PhotoSubject, uploadPhoto } from './upload.ts';
import { hasEnded, watchJobs } from './watch-jobs.ts';

/** Most photos that one submit takes. */
const largestBatch = 10;
/** Uploads that run at the same time. */
const parallelUploads = 4;

/** What became of one file. */
export interface PhotoOutcome {
  readonly path: string;
  /** Unique short name: the file's name without its ending. */
  readonly name: string;
  readonly photoId?: string;
  /** The ended job, with links when it was completed. Absent when the file never became a job. */
  readonly job?: Job;
  /** Why there is no result, for a person. Absent when there is one. */
  readonly problem?: string;
  /** completed: there is a result. refused: the photo cannot be used. failed: something broke. */
  readonly end: 'completed' | 'refused' | 'failed';
}

/** Uploads, submits in batches, watches until all have ended. Order of the outcomes = order of the paths. */
export async function processPhotos(
  account: Account,
  paths: readonly string[],
  subject: PhotoSubject,
  bars: ProgressBars,
  signal?: AbortSignal,
): Promise<PhotoOutcome[]> {
  const files = uniqueNames(paths);
  const outcomes = new Map<string, PhotoOutcome>();
  const uploaded = await uploadAll(account, files, subject, bars, outcomes, signal);
  const nameOfJob = await submit(account, uploaded, signal);

  for await (const job of watchJobs(account, [...nameOfJob.keys()], signal)) {
    const file = nameOfJob.get(job.id);
    if (!file) continue;
    bars.show(file.name, job);
    if (hasEnded(job)) outcomes.set(file.name, await outcomeOf(account, file, job, signal));
  }
  return files.map((file) => outcomes.get(file.name) ?? { ...file, end: 'failed', problem: 'no answer came' });
}

interface NamedFile {
  readonly path: string;
  readonly name: string;
  readonly photoId?: string;
}

/** Names files after their base name; a second one of the same name gets "-2". */
export function uniqueNames(paths: readonly string[]): NamedFile[] {
  const seen = new Map<string, number>();
  return paths.map((path) => {
    const base = basename(path, extname(path));
    const count = (seen.get(base) ?? 0) + 1;
    seen.set(base, count);
    return { path, name: count === 1 ? base : `${base}-${count}` };
  });
}

async function uploadAll(
  account: Account,
  files: readonly NamedFile[],
  subject: PhotoSubject,
  bars: ProgressBars,
  outcomes: Map<string, PhotoOutcome>,
  signal?: AbortSignal,
): Promise<NamedFile[]> {
  const photoIds = new Map<string, string>();
  const waiting = [...files];
  const worker = async (): Promise<void> => {
    for (let file = waiting.shift(); file; file = waiting.shift()) {
      bars.say(file.name, 'uploading');
      try {
        photoIds.set(file.name, await uploadPhoto(account, file.path, subject, signal));
        bars.say(file.name, 'waiting');
      } catch (error) {
        if (signal?.aborted) throw error;
        const refused = error instanceof FileRefused;
        bars.say(file.name, refused ? 'refused' : 'failed');
        outcomes.set(file.name, { ...file, end: refused ? 'refused' : 'failed', problem: explain(error) });
      }
    }
  };
  await Promise.all(Array.from({ length: parallelUploads }, worker));
  return files.filter((f) => photoIds.has(f.name)).map((f) => ({ ...f, photoId: photoIds.get(f.name)! }));
}

async function submit(
  account: Account,
  files: readonly NamedFile[],
  signal?: AbortSignal,
): Promise<Map<string, NamedFile>> {
  const jobs = createClient(JobService, account.transport);
  const fileOfJob = new Map<string, NamedFile>();
  for (let first = 0; first < files.length; first += largestBatch) {
    const batch = files.slice(first, first + largestBatch);
    const photoIds = batch.map((f) => f.photoId!);
    const answer = await jobs.createJobs({ requestId: uuidv7(), photoIds }, { signal });
    for (const [i, job] of answer.jobs.entries()) fileOfJob.set(job.id, batch[i]!);
  }
  return fileOfJob;
}

async function outcomeOf(account: Account, file: NamedFile, ended: Job, signal?: AbortSignal): Promise<PhotoOutcome> {
  if (ended.status !== JobStatus.COMPLETED) {
    return { ...file, job: ended, end: ended.rejection ? 'refused' : 'failed', problem: explainJob(ended) };
  }
  const jobs = createClient(JobService, account.transport);
  const { job } = await jobs.getJob({ jobId: ended.id }, { signal });
  return { ...file, job: job ?? ended, end: 'completed' };
}

/** Why a job has no result: message, measured value, limit, and what to do. */
export function explainJob(job: Job): string {
  const r = job.rejection;
  const measure =
    r && (r.measured || r.limit) ? ` (measured ${tidy(r.measured)}${r.unit}, limit ${tidy(r.limit)}${r.unit})` : '';
  const sentence = (text: string): string => (text && !/[.!?]$/.test(text) ? `${text}.` : text);
  return [
    sentence((job.errorMessage || r?.message || 'cancelled') + measure),
    sentence(job.suggestion || r?.suggestion || ''),
  ]
    .filter(Boolean)
    .join(' ');
}

function tidy(value: number): string {
  return Number(value.toPrecision(4)).toString();
}
