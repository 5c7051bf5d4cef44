import { newId } from '@irisvue/database';
import { withRemoteTrace } from '@irisvue/runtime';
import type { JobRow } from '../change-job.ts';
import type { Changes } from '../changes.ts';
import { claimJob } from '../queue-store.ts';
import type { JobKindName } from '../schema.ts';
import type { VisionServiceName } from '../steps.ts';
import { createWake } from '../wake.ts';
import { claimableSteps } from './claim.ts';
import { RunnerStops, TimeLimitReached } from './failures.ts';
import { type Held, keepLeases } from './lease.ts';
import { type RunJobOptions, runJob } from './run-job.ts';
import { runnerMetrics } from './runner-metrics.ts';
import { watchSlots } from './slots.ts';

export interface RunnerOptions extends Omit<RunJobOptions, 'slots' | 'measured'> {
  readonly changes: Changes;
  /** Gives the number of slots of each service. */
  readonly askSlots: Readonly<Record<VisionServiceName, (signal: AbortSignal) => Promise<number>>>;
  /** Jobs worked on at the same time, at most. */
  readonly maxJobs: number;
  readonly leaseMs: number;
  readonly claimPollMs: number;
  readonly limitsMs: Readonly<Record<JobKindName, number>>;
  /** Called when a job that ran here is done with: its objects may be due for the sweep. */
  readonly onDone: () => void;
}

/** A running runner. Disposing stops claiming, aborts what runs, and hands it back to the queue. */
export interface Runner extends AsyncDisposable {
  /** Looks for work at once. `trace` continues in the run of that job, if this runner claims it. */
  wake(submitted?: { readonly jobId: string; readonly trace: Readonly<Record<string, string>> }): void;
}

/** Traces of announced jobs that are kept until they are claimed; the row's own stands in for a forgotten one. */
const MAX_TRACES = 1_000;

/** Claims jobs and runs them until disposed. */
export function startRunner(o: RunnerOptions): Runner {
  const holder = newId();
  const stopping = new AbortController();
  const claimWake = createWake();
  const leaseCheck = createWake();
  const held = new Map<string, Held>();
  const running = new Set<Promise<void>>();
  const traces = new Map<string, Readonly<Record<string, string>>>();
  const slots = watchSlots({
    ask: o.askSlots,
    onRoom: claimWake.ring,
    logger: o.logger,
    signal: stopping.signal,
  });
  const measured = runnerMetrics(slots);
  // A change only wakes: whether a lease stands is read from the table.
  o.changes.subscribe((change) => {
    if (change === undefined || (held.has(change.jobId) && change.status !== 'processing')) leaseCheck.ring();
  }, stopping.signal);

  const start = (job: JobRow) => {
    const lease = { jobId: job.id, attempt: job.attempt, holder };
    const abort = new AbortController();
    const mine: Held = { lease, abort: (reason) => abort.abort(reason) };
    held.set(job.id, mine);
    const limit = setTimeout(() => mine.abort(new TimeLimitReached()), o.limitsMs[job.kind]);
    const trace = traces.get(job.id) ?? (job.traceparent ? { traceparent: job.traceparent } : {});
    traces.delete(job.id);
    const run = withRemoteTrace(trace, `run ${job.kind} job`, () =>
      runJob({ ...o, slots, measured }, job, lease, abort.signal),
    );
    const ended = run.finally(() => {
      clearTimeout(limit);
      if (held.get(job.id) === mine) held.delete(job.id);
      running.delete(ended);
      claimWake.ring();
      o.onDone();
    });
    running.add(ended);
  };

  const claimNext = async (): Promise<JobRow | undefined> =>
    running.size >= o.maxJobs
      ? undefined
      : await claimJob(o.db, { holder, leaseMs: o.leaseMs, steps: claimableSteps(slots.room) });
  const claiming = (async () => {
    while (!stopping.signal.aborted) {
      const job = await claimNext().catch((error: unknown) => {
        o.logger.warn({ err: error }, 'the queue could not be read');
        return undefined;
      });
      if (job !== undefined) start(job);
      else await claimWake.wait(o.claimPollMs, stopping.signal);
    }
  })();
  const leasesEnd = new AbortController();
  const { db, leaseMs, logger } = o;
  const keeping = keepLeases({ db, holder, leaseMs, held, check: leaseCheck, logger, signal: leasesEnd.signal });

  return {
    wake(submitted) {
      if (submitted !== undefined) {
        if (traces.size >= MAX_TRACES) traces.delete(traces.keys().next().value!);
        traces.set(submitted.jobId, submitted.trace);
      }
      claimWake.ring();
    },
    async [Symbol.asyncDispose]() {
      stopping.abort();
      await claiming;
      for (const { abort } of held.values()) abort(new RunnerStops());
      await Promise.allSettled(running);
      leasesEnd.abort();
      await keeping;
      measured[Symbol.dispose]();
    },
  };
}
