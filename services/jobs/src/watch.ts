import type { Database } from '@irisvue/database';
import { DomainError, ErrorReason } from '@irisvue/runtime';
import type { JobRow } from './change-job.ts';
import type { Changes } from './changes.ts';
import { changedJobs, countJobs, openingJobs } from './job-store.ts';
import type { JobsDatabase } from './schema.ts';
import { createWake } from './wake.ts';

/** Rows that a watcher holds at most: it reads on when these are sent. */
const PAGE = 100;

export interface WatchOptions {
  readonly db: Database<JobsDatabase>;
  readonly changes: Changes;
  readonly userId: string;
  /** 0: from the jobs that have not ended (the named ones: ended or not). */
  readonly afterRevision: number;
  /** Empty: all of the user's jobs, without end. */
  readonly jobIds: readonly string[];
  /** A watcher re-reads this often even when nothing wakes it. */
  readonly pollMs: number;
  /** Throws once the caller may no longer watch. Asked before every read. */
  readonly stillAllowed: () => Promise<void>;
  readonly signal: AbortSignal;
}

/**
 * Yields jobs as they stand: first those that changed after `afterRevision`, then each change as it comes, in the
 * order of their revisions. Two changes of one job may come as one. Ends when all named jobs have ended, or when
 * `signal` aborts.
 *
 * It holds one page of rows and one bell, however many changes come: what a slow client has not read is read from the
 * table later, in its newest state.
 */
export async function* watchJobs(o: WatchOptions): AsyncGenerator<readonly JobRow[]> {
  const wake = createWake();
  // Listening starts before the first read, so that no change falls between the two.
  o.changes.subscribe((change) => {
    if (change === undefined || change.userId === o.userId) wake.ring();
  }, o.signal);
  const opening = await open(o);
  let { revision } = opening;
  if (opening.jobs.length > 0) yield opening.jobs;
  while (!o.signal.aborted) {
    await o.stillAllowed();
    // Counted before the read: if all had ended by then, the read holds their last states.
    const allEnded = o.jobIds.length > 0 && (await countJobs(o.db, o)).unended === 0;
    const changed = await changedJobs(o.db, { ...o, after: revision, limit: PAGE });
    revision = changed.at(-1)?.revision ?? revision;
    if (changed.length > 0) yield changed;
    if (changed.length === PAGE) continue;
    if (allEnded) return;
    await wake.wait(o.pollMs, o.signal);
  }
}

async function open(o: WatchOptions): Promise<{ readonly jobs: readonly JobRow[]; readonly revision: number }> {
  const ids = [...new Set(o.jobIds)];
  if (ids.length > 0 && (await countJobs(o.db, { ...o, jobIds: ids })).known < ids.length) {
    const metadata = { resource: 'job', id: ids.join(',') };
    throw new DomainError(ErrorReason.NOT_FOUND, 'one of these jobs does not exist', metadata);
  }
  return o.afterRevision > 0 ? { jobs: [], revision: o.afterRevision } : await openingJobs(o.db, o);
}
