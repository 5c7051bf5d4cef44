import { create } from '@bufbuild/protobuf';
import { timestampNow } from '@bufbuild/protobuf/wkt';
import { ConsentPurpose, SubjectKind } from '@irisvue/contracts/irisvue/consent/v1/consent_service';
import { ConsentWithdrawnSchema } from '@irisvue/contracts/irisvue/consent/v1/events';
import { JobStatus } from '@irisvue/contracts/irisvue/jobs/v1/job';
import { appendEvent } from '@irisvue/events';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { applyWithdrawal } from '../src/withdrawals.ts';
import {
  announce,
  ended,
  type Harness,
  isProcessing,
  type Person,
  seen,
  startHarness,
  submit,
  uploaded,
} from './harness.ts';
import type { SeenStep } from './vision-peer.ts';

/** CR-07: queued and running work of the subject stops within this. */
const BOUND_MS = 2_000;

let harness: Harness;
let person: Person;
beforeAll(async () => {
  harness = await startHarness();
});
afterAll(() => harness?.[Symbol.asyncDispose]());
beforeEach(async () => {
  harness.vision.during = () => undefined;
  harness.consent.beforeIssuing = () => {};
  person = await harness.person();
});

/** What consent does: its state changes, and its event reaches the stream. Any outbox will do. */
async function withdraw(subjectId: string, purpose: ConsentPurpose = ConsentPurpose.DATA_PROCESSING) {
  harness.consent.withdraw(subjectId, purpose);
  const event = create(ConsentWithdrawnSchema, {
    subject: { id: subjectId, kind: SubjectKind.SELF },
    purpose,
    withdrawTime: timestampNow(),
  });
  await harness.db.transaction().execute((trx) => appendEvent(trx, ConsentWithdrawnSchema, event));
}

const withdrawn = { status: JobStatus.CANCELLED, errorMessage: 'Consent was withdrawn' };

test('consent that is withdrawn during a step ends the step and the job within two seconds', async () => {
  const reached = Promise.withResolvers<SeenStep>();
  harness.vision.during = (asked) => {
    if (asked.step !== 'enhancing') return undefined;
    reached.resolve(asked);
    return new Promise(() => {});
  };
  const [job] = await submit(person, await uploaded(harness, person));
  const call = await reached.promise;
  const startedAt = performance.now();
  await withdraw(person.id);
  const [last] = await ended(person, job!);
  await expect.poll(() => call.signal.aborted).toBe(true);
  expect(performance.now() - startedAt).toBeLessThan(BOUND_MS);
  expect(last).toMatchObject(withdrawn);
});

test('consent that is withdrawn between submit and run cancels the job before a step begins', async () => {
  const asked = Promise.withResolvers<void>();
  const go = Promise.withResolvers<void>();
  harness.consent.beforeIssuing = async () => {
    asked.resolve();
    await go.promise;
  };
  const [job] = await submit(person, await uploaded(harness, person));
  await asked.promise;
  // No event: the check before the step alone finds it.
  harness.consent.withdraw(person.id, ConsentPurpose.DATA_PROCESSING);
  go.resolve();
  expect((await ended(person, job!))[0]).toMatchObject(withdrawn);
  expect(harness.vision.seen.filter((step) => step.jobId === job!.id)).toEqual([]);
});

test('consent that is withdrawn between two steps stops the job at the next one', async () => {
  harness.consent.beforeIssuing = ({ step }) => {
    if (step === 'enhancing') harness.consent.withdraw(person.id, ConsentPurpose.DATA_PROCESSING);
  };
  const [job] = await submit(person, await uploaded(harness, person));
  expect((await ended(person, job!))[0]).toMatchObject(withdrawn);
  const steps = harness.vision.seen.filter((step) => step.jobId === job!.id).map(({ step }) => step);
  expect(steps).toEqual(['segmenting', 'removing_reflections']);
});

test('only work on that subject stops', async () => {
  const held = Promise.withResolvers<void>();
  harness.vision.during = () => held.promise;
  const other = await harness.person();
  const [mine] = await submit(person, await uploaded(harness, person));
  const [theirs] = await submit(other, await uploaded(harness, other));
  await seen(person, mine!, isProcessing);
  await withdraw(person.id);
  expect((await ended(person, mine!))[0]).toMatchObject(withdrawn);
  held.resolve();
  expect((await ended(other, theirs!))[0]!.status).toBe(JobStatus.COMPLETED);
});

test('the rendered samples of a user are another subject than the user’s own eye', async () => {
  const held = Promise.withResolvers<void>();
  harness.vision.during = () => held.promise;
  const [sample] = await submit(person, await uploaded(harness, person, SubjectKind.SYNTHETIC));
  const [own] = await submit(person, await uploaded(harness, person));
  await seen(person, sample!, isProcessing);
  const event = { subject: { id: person.id, kind: SubjectKind.SELF }, purpose: ConsentPurpose.DATA_PROCESSING };
  await applyWithdrawal(harness.db, create(ConsentWithdrawnSchema, event));
  expect((await ended(person, own!))[0]).toMatchObject(withdrawn);
  held.resolve();
  expect((await ended(person, sample!))[0]!.status).toBe(JobStatus.COMPLETED);
});

test('a withdrawn capture removes photos whose bytes are still awaited', async () => {
  const photo = await announce(person, Buffer.from('bytes'));
  await withdraw(person.id, ConsentPurpose.BIOMETRIC_CAPTURE);
  await expect
    .poll(async () => (await person.photos.listPhotos({})).photos.map(({ id }) => id))
    .not.toContain(photo.id);
});
