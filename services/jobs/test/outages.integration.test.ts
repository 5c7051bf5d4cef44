import { JobStatus } from '@irisvue/contracts/irisvue/jobs/v1/job';
import { countPendingEvents } from '@irisvue/events';
import { DomainError, ErrorReason } from '@irisvue/runtime';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ended, type Harness, type Person, startHarness, submit, uploaded } from './harness.ts';

let harness: Harness;
let person: Person;
beforeEach(async () => {
  harness = await startHarness();
  person = await harness.person();
});
afterEach(() => harness?.[Symbol.asyncDispose]());

test('without NATS jobs are submitted and done all the same; their events follow when it is back', async () => {
  await harness.nats.kill();
  const [job] = await submit(person, await uploaded(harness, person));
  expect((await ended(person, job!))[0]!.status).toBe(JobStatus.COMPLETED);
  // JobSubmitted, three StepCompleted, JobCompleted.
  expect(await countPendingEvents(harness.db)).toBe(5);
  await harness.nats.startAgain();
  await expect.poll(() => countPendingEvents(harness.db), { timeout: 15_000 }).toBe(0);
});

test('without consent no step begins; the job waits, is retried, and goes on when consent is back', async () => {
  let down = true;
  harness.consent.beforeIssuing = () => {
    if (!down) return;
    down = false;
    throw new DomainError(ErrorReason.DEPENDENCY_DOWN, 'down', { dependency: 'database' });
  };
  const [job] = await submit(person, await uploaded(harness, person));
  expect((await ended(person, job!))[0]).toMatchObject({ status: JobStatus.COMPLETED, attempt: 2 });
});

test('while no slot can be had jobs wait unclaimed, and nothing is counted against them', async () => {
  await using own = await startHarness({ IRISVUE_RUNNER_JOBS: '0' });
  own.vision.slots = 0;
  await using _runner = await own.startReplica({ IRISVUE_RUNNER_JOBS: '4' });
  const somebody = await own.person();
  const [job] = await submit(somebody, await uploaded(own, somebody));
  // Each of the three services has been asked twice since: the runner has looked at the queue in between.
  const asked = own.vision.slotQuestions();
  await expect.poll(() => own.vision.slotQuestions(), { timeout: 5_000 }).toBeGreaterThan(asked + 6);
  expect((await somebody.jobs.getJob({ jobId: job!.id })).job).toMatchObject({ status: JobStatus.PENDING, attempt: 0 });
  own.vision.slots = 1;
  expect((await ended(somebody, job!))[0]).toMatchObject({ status: JobStatus.COMPLETED, attempt: 1 });
});

test('two replicas share the slots of a service: never more work at once, every job done once', async () => {
  harness.vision.slots = 1;
  await using _second = await harness.startReplica();
  const running = { segmenting: 0, removing_reflections: 0, enhancing: 0, blending: 0 };
  const holders = new Set<string>();
  let most = 0;
  harness.vision.before = async ({ step, jobId }) => {
    const inUse = step === 'segmenting' ? running.segmenting : running.removing_reflections + running.enhancing;
    if (inUse > 0) throw new DomainError(ErrorReason.NO_FREE_SLOT, 'full', { retry_after_ms: '10' });
    running[step] += 1;
    most = Math.max(most, inUse + 1);
    const row = await harness.db.selectFrom('jobs').select('lease_holder').where('id', '=', jobId).executeTakeFirst();
    holders.add(row!.lease_holder!);
  };
  harness.vision.after = ({ step }) => {
    running[step] -= 1;
  };
  const other = await harness.person();
  const mine = await submit(person, ...(await Promise.all([1, 2, 3].map(() => uploaded(harness, person)))));
  const theirs = await submit(other, ...(await Promise.all([1, 2, 3].map(() => uploaded(harness, other)))));
  const all = [...(await ended(person, ...mine)), ...(await ended(other, ...theirs))];
  expect(all.map(({ status }) => status)).toEqual(all.map(() => JobStatus.COMPLETED));
  expect(most).toBe(1);
  expect(holders.size).toBe(2);
  const rows = await harness.db.selectFrom('jobs').select(['retries', 'crashes']).execute();
  expect(rows).toEqual(rows.map(() => ({ retries: 0, crashes: 0 })));
});
