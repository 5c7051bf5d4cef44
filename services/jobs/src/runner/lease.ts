import type { Database } from '@irisvue/database';
import type { Logger } from '@irisvue/runtime';
import type { Lease } from '../change-job.ts';
import { LeaseLost, renewLeases } from '../queue-store.ts';
import type { JobsDatabase } from '../schema.ts';
import type { Wake } from '../wake.ts';

/** Leases are renewed this many times within their life; each renewal also finds out about cancelled jobs. */
const RENEWALS_PER_LEASE = 20;

/** A job that this runner works on. */
export interface Held {
  readonly lease: Lease;
  /** Ends the work. */
  readonly abort: (reason: Error) => void;
}

/**
 * Renews the leases of all jobs in `held` until `signal` aborts, and aborts the work on those that were lost: cancelled
 * (as `check` may tell at once), taken by another runner, or not renewed for as long as the lease lasts.
 */
export async function keepLeases(o: {
  readonly db: Database<JobsDatabase>;
  readonly holder: string;
  readonly leaseMs: number;
  readonly held: ReadonlyMap<string, Held>;
  readonly check: Wake;
  readonly logger: Logger;
  readonly signal: AbortSignal;
}): Promise<void> {
  let renewedAt = performance.now();
  while (!o.signal.aborted) {
    // Taken before the renewal: a job that is claimed while it runs is not among the renewed ones, and not lost.
    const mine = [...o.held.values()];
    if (mine.length === 0) {
      renewedAt = performance.now();
    } else {
      const startedAt = performance.now();
      try {
        const ids = mine.map(({ lease }) => lease.jobId);
        const renewed = await renewLeases(o.db, { holder: o.holder, leaseMs: o.leaseMs, ids });
        renewedAt = startedAt;
        const attempts = new Map(renewed.map(({ id, attempt }) => [id, attempt]));
        for (const { lease, abort } of mine) {
          if (attempts.get(lease.jobId) !== lease.attempt) abort(new LeaseLost(lease));
        }
      } catch (error) {
        o.logger.warn({ err: error }, 'leases were not renewed');
        if (startedAt - renewedAt > o.leaseMs) for (const { lease, abort } of mine) abort(new LeaseLost(lease));
      }
    }
    await o.check.wait(o.leaseMs / RENEWALS_PER_LEASE, o.signal);
  }
}
