import { create } from '@bufbuild/protobuf';
import { ErrorType, JobStatus, JobStep } from '@irisvue/contracts/irisvue/jobs/v1/job';
import { RejectionReason, RejectionSchema } from '@irisvue/contracts/irisvue/media/v1/media';
import { newId } from '@irisvue/database';
import { DomainError, ErrorReason } from '@irisvue/runtime';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { changeLeasedJob, LeaseLost, saveCheckpoint, writeProgress } from '../src/queue-store.ts';
import {
  ended,
  type Harness,
  loseLease,
  madeObjects,
  type Person,
  seen,
  startHarness,
  submit,
  uploaded,
} from './harness.ts';
import { type SeenStep, startVisionPeer } from './vision-peer.ts';

let harness: Harness;
let person: Person;
beforeAll(async () => {
  harness = await startHarness();
});
afterAll(() => harness?.[Symbol.asyncDispose]());
beforeEach(async () => {
  harness.vision.before = () => undefined;
  harness.vision.during = () => undefined;
  person = await harness.person();
});

const rowOf = (id: string) => harness.db.selectFrom('jobs').selectAll().where('id', '=', id).executeTakeFirstOrThrow();
const objectsOf = async (jobId: string) => (await madeObjects(harness.store)).filter((key) => key.includes(jobId));
const down = (dependency: string) => new DomainError(ErrorReason.DEPENDENCY_DOWN, 'down', { dependency });
const stepsOf = (jobId: string) => harness.vision.seen.filter((step) => step.jobId === jobId).map(({ step }) => step);
const submitted = async () => (await submit(person, await uploaded(harness, person)))[0]!;

/** Holds the next call of a step open: `reached` resolves with it, `release` lets it go on. */
function hold(step: SeenStep['step'], attempt?: number) {
  const reached = Promise.withResolvers<SeenStep>();
  const released = Promise.withResolvers<void>();
  harness.vision.during = (asked) => {
    if (asked.step !== step || (attempt !== undefined && asked.attempt !== attempt)) return undefined;
    reached.resolve(asked);
    return released.promise;
  };
  return { reached: reached.promise, release: released.resolve };
}

/** Work that never ends by itself. */
const forever = new Promise<never>(() => {});

const aborted = (signal: AbortSignal) =>
  new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });

describe('a crash', () => {
  test.each(['segmenting', 'removing_reflections', 'enhancing'] as const)(
    'of the slot during %s resumes at that step and ends in the same state',
    async (step) => {
      const wanted = await ended(person, await submitted());
      harness.vision.during = (asked) => {
        if (asked.step === step && asked.attempt === 1) throw down('slot');
        return undefined;
      };
      const [job] = await ended(person, await submitted());
      expect(job).toMatchObject({ status: JobStatus.COMPLETED, attempt: 2, progress: 100 });
      const order = ['segmenting', 'removing_reflections', 'enhancing'];
      const done = order.indexOf(step) + 1;
      expect(stepsOf(job!.id)).toEqual([...order.slice(0, done), ...order.slice(done - 1)]);
      const { geometry, measures, qualityScore, resultWidth } = wanted[0]!;
      expect(job).toMatchObject({ geometry, measures, qualityScore, resultWidth });
    },
  );

  test('of the service counts as a crash and not as a retry, and the job waits until it is back', async () => {
    await using own = await startHarness();
    const somebody = await own.person();
    const reached = Promise.withResolvers<void>();
    own.vision.during = (asked) => {
      if (asked.step !== 'enhancing') return undefined;
      reached.resolve();
      return forever;
    };
    const [job] = await submit(somebody, await uploaded(own, somebody));
    await reached.promise;
    await own.vision.die();
    const waiting = await seen(somebody, job!, ({ status }) => status === JobStatus.PENDING);
    expect(waiting.progress).toBeGreaterThanOrEqual(60);
    const row = await own.db.selectFrom('jobs').selectAll().where('id', '=', job!.id).executeTakeFirstOrThrow();
    expect(row).toMatchObject({ crashes: 1, retries: 0, next_step: 'enhancing' });
    await using again = await startVisionPeer(own.store, { port: Number(new URL(own.vision.url).port) });
    const [last] = await ended(somebody, job!);
    expect(last).toMatchObject({ status: JobStatus.COMPLETED, attempt: 2 });
    expect(again.seen.map(({ step }) => step)).toEqual(['enhancing']);
  });

  test('that comes back five times ends the job', async () => {
    harness.vision.during = () => Promise.reject(down('slot'));
    const [job] = await ended(person, await submitted());
    expect(job).toMatchObject({ status: JobStatus.FAILED, errorType: ErrorType.SERVER_ERROR, attempt: 6 });
  });

  test('of the runner is found by its lease, and what it did last is resumed, without an orphan', async () => {
    const { reached, release } = hold('enhancing', 1);
    const job = await submitted();
    const zombie = await reached;
    await loseLease(harness, job.id);
    await aborted(zombie.signal);
    release();
    const [last] = await ended(person, job);
    expect(last).toMatchObject({ status: JobStatus.COMPLETED, attempt: 2 });
    expect(stepsOf(job.id)).toEqual(['segmenting', 'removing_reflections', 'enhancing', 'enhancing']);
    expect(last!.steps.map(({ step, attempt }) => [step, attempt])).toEqual([
      [JobStep.SEGMENTING, 1],
      [JobStep.REMOVING_REFLECTIONS, 1],
      [JobStep.ENHANCING, 2],
    ]);
    const kept = [`processed/${person.id}/${job.id}/1_mask.png`, `processed/${person.id}/${job.id}/2.jpg`];
    await expect.poll(() => objectsOf(job.id)).toEqual(kept);
  });
});

describe('a lease that was lost', () => {
  test('writes nothing: no progress, no checkpoint, no end', async () => {
    const { reached, release } = hold('segmenting', 2);
    harness.vision.before = async (asked) => {
      if (asked.jobId === job.id && asked.attempt === 1) throw down('slot');
    };
    const job = await submitted();
    await reached;
    await seen(person, job, ({ attempt, progress }) => attempt === 2 && progress === 5);
    const current = await rowOf(job.id);
    const lost = { jobId: job.id, attempt: 1, holder: current.lease_holder! };
    const others = { ...lost, attempt: 2, holder: 'another runner' };
    for (const lease of [lost, others]) {
      await writeProgress(harness.db, lease, { step: 'enhancing', progress: 89 });
      const checkpoint = {
        step: 'segmenting',
        nextStep: 'saving',
        progress: 90,
        durationMs: 1,
        outcome: '{}',
      } as const;
      const photo = { id: current.photo_id!, width: 1, height: 1 };
      await expect(saveCheckpoint(harness.db, lease, { ...checkpoint, photo })).rejects.toThrow(LeaseLost);
      await expect(changeLeasedJob(harness.db, lease, { type: 'completed' })).rejects.toThrow(LeaseLost);
      await expect(changeLeasedJob(harness.db, lease, { type: 'crashed' })).rejects.toThrow(LeaseLost);
    }
    const { lease_expires_at: _renewed, ...unchanged } = current;
    expect(await rowOf(job.id)).toMatchObject(unchanged);
    expect((await person.photos.getPhoto({ photoId: job.photoId })).photo).toMatchObject({ width: 0, height: 0 });
    release();
    expect((await ended(person, job))[0]).toMatchObject({ status: JobStatus.COMPLETED, attempt: 2 });
  });
});

describe('a failure', () => {
  test('of something that is down is waited out, and forgotten when it passes', async () => {
    harness.vision.before = async (asked) => {
      if (asked.attempt <= 3) throw down('object store');
    };
    const job = await submitted();
    expect((await ended(person, job))[0]).toMatchObject({ status: JobStatus.COMPLETED, attempt: 4 });
    expect(await rowOf(job.id)).toMatchObject({ retries: 0, crashes: 0, out_since: null });
  });

  test('of ours ends the job at once and leaks nothing', async () => {
    harness.vision.before = async () => {
      throw new Error('SELECT password FROM users');
    };
    const [job] = await ended(person, await submitted());
    expect(job).toMatchObject({ status: JobStatus.FAILED, errorType: ErrorType.SERVER_ERROR, attempt: 1 });
    expect(`${job!.errorMessage} ${job!.suggestion}`).not.toMatch(/password|SELECT|Error/);
  });

  test('no free slot makes the step wait, and counts as nothing', async () => {
    let refusals = 3;
    harness.vision.before = async () => {
      if (refusals === 0) return;
      refusals -= 1;
      throw new DomainError(ErrorReason.NO_FREE_SLOT, 'full', { retry_after_ms: '20' });
    };
    const job = await submitted();
    expect((await ended(person, job))[0]).toMatchObject({ status: JobStatus.COMPLETED, attempt: 4 });
    expect(await rowOf(job.id)).toMatchObject({ retries: 0, crashes: 0 });
  });

  test('the time limit of the kind ends the job and its call', async () => {
    await using slow = await startHarness({ IRISVUE_PROCESS_LIMIT_SECONDS: '0.3' });
    const somebody = await slow.person();
    const calls: SeenStep[] = [];
    slow.vision.during = (asked) => {
      calls.push(asked);
      return forever;
    };
    const [job] = await ended(somebody, (await submit(somebody, await uploaded(slow, somebody)))[0]!);
    expect(job).toMatchObject({ status: JobStatus.FAILED, errorType: ErrorType.SERVER_ERROR });
    expect(calls.map(({ signal }) => signal.aborted)).toEqual([true]);
  });
});

test('a refused photo is final: not retried, with reason, measure and suggestion', async () => {
  const rejection = create(RejectionSchema, {
    reason: RejectionReason.IRIS_TOO_SMALL,
    message: 'Iris not detected clearly',
    suggestion: 'Move closer.',
    measured: 61,
    limit: 100,
    unit: 'px',
  });
  harness.vision.during = async () => rejection;
  const [job] = await ended(person, await submitted());
  expect(job).toMatchObject({
    status: JobStatus.FAILED,
    errorType: ErrorType.QUALITY_ISSUE,
    errorMessage: 'Iris not detected clearly',
    suggestion: 'Move closer.',
    rejection: { reason: RejectionReason.IRIS_TOO_SMALL, measured: 61, limit: 100, unit: 'px' },
    attempt: 1,
  });
});

test('a runner that stops hands its job back uncounted, and another one goes on with it', async () => {
  await using own = await startHarness({ IRISVUE_RUNNER_JOBS: '0' });
  const somebody = await own.person();
  const first = await own.startReplica({ IRISVUE_RUNNER_JOBS: '4' });
  const held = Promise.withResolvers<SeenStep>();
  own.vision.during = (asked) => {
    if (asked.step !== 'enhancing' || asked.attempt > 1) return undefined;
    held.resolve(asked);
    return forever;
  };
  const [job] = await submit(somebody, await uploaded(own, somebody));
  const call = await held.promise;
  await first[Symbol.asyncDispose]();
  expect(call.signal.aborted).toBe(true);
  const row = await own.db.selectFrom('jobs').selectAll().where('id', '=', job!.id).executeTakeFirstOrThrow();
  expect(row).toMatchObject({ status: 'pending', crashes: 0, retries: 0, next_step: 'enhancing', lease_holder: null });
  await using _second = await own.startReplica({ IRISVUE_RUNNER_JOBS: '4' });
  expect((await ended(somebody, job!))[0]).toMatchObject({ status: JobStatus.COMPLETED, attempt: 2 });
});

test('a cancelled job frees its slot within a second, and stays cancelled', async () => {
  const { reached } = hold('segmenting');
  const job = await submitted();
  const call = await reached;
  const startedAt = performance.now();
  const { job: cancelled } = await person.jobs.cancelJob({ requestId: newId(), jobId: job.id });
  expect(cancelled).toMatchObject({ status: JobStatus.CANCELLED, errorMessage: '' });
  await aborted(call.signal);
  expect(performance.now() - startedAt).toBeLessThan(1_000);
  await expect.poll(() => objectsOf(job.id)).toEqual([]);
  expect((await ended(person, job))[0]!.status).toBe(JobStatus.CANCELLED);
});
