import { setTimeout as delay } from 'node:timers/promises';
import { ErrorReason, errorDetail, type Logger } from '@irisvue/runtime';
import { markMade } from '../artwork-store.ts';
import { changeJob, type JobRow, type Lease } from '../change-job.ts';
import { stepsOfJobs } from '../job-store.ts';
import { isJobBlocked } from '../lineage/tombstones.ts';
import { changeLeasedJob, LeaseLost, saveCheckpoint, writeProgress } from '../queue-store.ts';
import type { JobStepName } from '../schema.ts';
import { progressOf, serviceOfStep, stepAfter } from '../steps.ts';
import { happeningOf } from './failures.ts';
import { madeColumns } from './make-artwork.ts';
import { processedColumns } from './process-photo.ts';
import { throttleProgress } from './progress.ts';
import { type Outcomes, outcomeOf, runStep, type StepPeers } from './run-step.ts';
import type { RunnerMetrics } from './runner-metrics.ts';
import type { Slots } from './slots.ts';
import type { StepEvent } from './step-work.ts';

/** Pause between attempts to write while the database is out of reach. */
const WRITE_RETRY_MS = 500;
/** How long the end of an attempt is tried to be written; after that the lease expires and the job is taken up again. */
const SETTLE_MS = 10_000;

export interface RunJobOptions extends StepPeers {
  readonly slots: Slots;
  readonly measured: Pick<RunnerMetrics, 'stepDone' | 'attemptEnded'>;
  readonly retryBaseMs: number;
  readonly logger: Logger;
}

/** Where the job is, for judging an error. */
interface Position {
  step: JobStepName;
  answering: boolean;
}

/**
 * Works on a claimed job from its next step to its end, with a checkpoint after each step. Whatever happens is written
 * under the lease: once that is lost, nothing is. Never rejects; an error that means nothing for the job is logged.
 */
export async function runJob(o: RunJobOptions, job: JobRow, lease: Lease, signal: AbortSignal): Promise<void> {
  const position: Position = { step: job.next_step, answering: false };
  try {
    await work(o, job, lease, position, signal);
  } catch (error) {
    await settle(o, job, lease, position, signal, error);
  }
}

async function work(o: RunJobOptions, job: JobRow, lease: Lease, position: Position, signal: AbortSignal) {
  const done = await stepsOfJobs(o.db, [job.id]);
  const outcomes: Outcomes = Object.fromEntries(done.map((row) => [row.step, row.outcome]));
  while (position.step !== 'saving') {
    const { step } = position;
    const startedAt = performance.now();
    const event = await doStep(o, job, lease, position, outcomes, signal);
    if (event.type === 'refused') {
      const refused = { type: 'refused', rejection: event.rejection } as const;
      await persist(o, signal, () => changeLeasedJob(o.db, lease, refused));
      return o.measured.attemptEnded(job.kind, 'refused');
    }
    const nextStep = stepAfter(job.kind, step);
    const progress = progressOf(job.kind, step, 1);
    const durationMs = performance.now() - startedAt;
    await persist(o, signal, () => saveCheckpoint(o.db, lease, { ...event, step, nextStep, progress, durationMs }));
    o.measured.stepDone(step, performance.now() - startedAt);
    outcomes[step] = JSON.parse(event.outcome);
    position.step = nextStep;
  }
  await persist(o, signal, () => save(o, job, lease, outcomes));
  o.measured.attemptEnded(job.kind, 'completed');
}

type Outcome = Exclude<StepEvent, { type: 'progress' }>;

async function doStep(
  o: RunJobOptions,
  job: JobRow,
  lease: Lease,
  position: Position,
  outcomes: Outcomes,
  signal: AbortSignal,
): Promise<Outcome> {
  const { step } = position;
  using _slot = await o.slots.take(serviceOfStep(step)!, job.job_class * 10 - job.priority, signal);
  using progress = throttleProgress((at: { step: JobStepName; progress: number }) =>
    writeProgress(o.db, lease, at).catch((error) => o.logger.debug({ err: error }, 'progress was not written')),
  );
  let outcome: Outcome | undefined;
  for await (const event of runStep(o, job, step, outcomes, signal)) {
    position.answering = true;
    if (event.type === 'progress') {
      progress.report({ step: event.step, progress: progressOf(job.kind, event.step, event.fraction) });
    } else {
      outcome = event;
    }
  }
  position.answering = false;
  if (outcome === undefined) throw new Error(`${step} ended without an outcome`);
  return outcome;
}

/** Points the job at what its steps made, all in one transaction. Throws LeaseLost, also for an erased subject. */
async function save(o: RunJobOptions, job: JobRow, lease: Lease, outcomes: Outcomes): Promise<void> {
  await o.db.transaction().execute(async (trx) => {
    if (await isJobBlocked(trx, job)) throw new LeaseLost(lease);
    if (job.kind === 'process') {
      const columns = processedColumns(outcomeOf(outcomes, 'segmenting'), outcomeOf(outcomes, 'enhancing'));
      if ((await changeJob(trx, lease, { type: 'completed' }, columns)) === undefined) throw new LeaseLost(lease);
      return;
    }
    const made = madeColumns(outcomeOf(outcomes, 'blending'));
    await markMade(trx, job.artwork_id!, made.artwork);
    if ((await changeJob(trx, lease, { type: 'completed' }, made.job)) === undefined) throw new LeaseLost(lease);
  });
}

/** Writes what must not be lost: again and again while the database is out of reach, until the lease is lost. */
async function persist(o: RunJobOptions, signal: AbortSignal, write: () => Promise<void>): Promise<void> {
  for (;;) {
    try {
      return await write();
    } catch (error) {
      const detail = errorDetail(error);
      const down = detail?.reason === ErrorReason.DEPENDENCY_DOWN && detail.metadata['dependency'] === 'database';
      if (!down || signal.aborted) throw error;
      o.logger.warn({ err: error }, 'the database is out of reach; what is done is kept in hand');
      await delay(WRITE_RETRY_MS, undefined, { signal });
    }
  }
}

async function settle(
  o: RunJobOptions,
  job: JobRow,
  lease: Lease,
  position: Position,
  signal: AbortSignal,
  error: unknown,
): Promise<void> {
  const service = serviceOfStep(position.step);
  const happening = happeningOf(error, {
    abortReason: signal.aborted ? signal.reason : undefined,
    answering: position.answering,
    service,
    retries: job.retries,
    retryBaseMs: o.retryBaseMs,
    random: Math.random(),
  });
  o.measured.attemptEnded(job.kind, happening?.type ?? 'lost');
  const about = { job_id: job.id, attempt: job.attempt, step: position.step };
  if (happening === undefined) {
    o.logger.info({ ...about, err: error }, 'the job is no longer held here');
    return;
  }
  o.logger.warn({ ...about, err: error, happening: happening.type }, 'a step broke off');
  const detail = errorDetail(error);
  if (service !== undefined && detail?.reason === ErrorReason.NO_FREE_SLOT && happening.type === 'handed_back') {
    o.slots.pause(service, happening.delayMs);
  }
  if (service !== undefined && detail?.metadata['dependency'] === service) o.slots.markDown(service);
  // The signal may have aborted, so the write is bounded by the lease alone: a lost one refuses it.
  await persist(o, AbortSignal.timeout(SETTLE_MS), () => changeLeasedJob(o.db, lease, happening)).catch((lost) =>
    o.logger.warn({ ...about, err: lost }, 'the end of an attempt was not written; its lease will expire'),
  );
}
