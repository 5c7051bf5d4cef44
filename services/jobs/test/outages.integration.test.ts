import { ErrorType, JobStatus } from '@irisvue/contracts/irisvue/jobs/v1/job';
import { countPendingEvents } from '@irisvue/events';
import { DomainError, ErrorReason } from '@irisvue/runtime';
import { sql } from 'kysely';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { MAX_OUTAGE_MS } from '../src/jobs.ts';
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
  // JobSubmitted, three StepCompleted, JobCompleted; and for the audit log: photo stored, job submitted.
  expect(await countPendingEvents(harness.db)).toBe(7);
  await harness.nats.startAgain();
  await expect.poll(() => countPendingEvents(harness.db), { timeout: 15_000 }).toBe(0);
});

test('without consent no step begins; the job waits as often as it takes, and goes on when consent is back', async () => {
  let left = 4;
  harness.consent.beforeIssuing = () => {
    if (left === 0) return;
    left -= 1;
    throw new DomainError(ErrorReason.DEPENDENCY_DOWN, 'down', { dependency: 'database' });
  };
  const [job] = await submit(person, await uploaded(harness, person));
  expect((await ended(person, job!))[0]).toMatchObject({ status: JobStatus.COMPLETED, attempt: 5 });
  // What was waited out counts against nothing that comes later.
  const row = await harness.db.selectFrom('jobs').selectAll().where('id', '=', job!.id).executeTakeFirstOrThrow();
  expect(row).toMatchObject({ retries: 0, crashes: 0, out_since: null });
});

test('an outage that lasts longer than the bound ends the job, in words that a person understands', async () => {
  const blocked = Promise.withResolvers<void>();
  harness.consent.beforeIssuing = ({ attempt }) => {
    if (attempt > 1) blocked.resolve();
    throw new DomainError(ErrorReason.DEPENDENCY_DOWN, 'down', { dependency: 'database' });
  };
  const [job] = await submit(person, await uploaded(harness, person));
  await blocked.promise;
  await harness.db
    .updateTable('jobs')
    .set({ out_since: sql`out_since - ${MAX_OUTAGE_MS} * interval '1 millisecond'` })
    .where('id', '=', job!.id)
    .execute();
  const [last] = await ended(person, job!);
  expect(last).toMatchObject({ status: JobStatus.FAILED, errorType: ErrorType.TRANSIENT_ERROR });
  expect(last!.errorMessage).toBe('Something that is needed stayed out of reach.');
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

test('two replicas share the work: what one cannot take the other does, and every job is done once', async () => {
  await using own = await startHarness({ IRISVUE_RUNNER_JOBS: '1' });
  await using _second = await own.startReplica();
  // Segmentation is held until both replicas are in it; enhancement takes one step at a time and refuses the second.
  const bothIn = Promise.withResolvers<void>();
  const holders = new Set<string>();
  let enhancing = 0;
  let most = 0;
  own.vision.before = async ({ step, jobId }) => {
    if (step !== 'segmenting') {
      if (enhancing > 0) throw new DomainError(ErrorReason.NO_FREE_SLOT, 'full', { retry_after_ms: '10' });
      enhancing += 1;
      most = Math.max(most, enhancing);
      return;
    }
    const row = await own.db.selectFrom('jobs').select('lease_holder').where('id', '=', jobId).executeTakeFirst();
    holders.add(row!.lease_holder!);
    if (holders.size === 2) bothIn.resolve();
  };
  own.vision.during = ({ step }) => (step === 'segmenting' ? bothIn.promise.then(() => undefined) : undefined);
  own.vision.after = ({ step }) => {
    if (step !== 'segmenting') enhancing -= 1;
  };
  const [one, other] = [await own.person(), await own.person()];
  const batch = async (owner: Person) =>
    await submit(owner, ...(await Promise.all([1, 2, 3].map(() => uploaded(own, owner)))));
  const [mine, theirs] = [await batch(one), await batch(other)];
  const all = [...(await ended(one, ...mine)), ...(await ended(other, ...theirs))];
  expect(all.map(({ status }) => status)).toEqual(all.map(() => JobStatus.COMPLETED));
  expect(holders.size).toBe(2);
  expect(most).toBe(1);
  const rows = await own.db.selectFrom('jobs').select(['retries', 'crashes']).execute();
  expect(rows).toEqual(rows.map(() => ({ retries: 0, crashes: 0 })));
});
