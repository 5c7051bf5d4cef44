import { timestampDate } from '@bufbuild/protobuf/wkt';
import { JobClass, JobKind, JobStatus, JobStep } from '@irisvue/contracts/irisvue/jobs/v1/job';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ended, type Harness, madeObjects, type Person, startHarness, submit, uploaded } from './harness.ts';
import { PHOTO_SIZE } from './vision-peer.ts';

let harness: Harness;
let person: Person;
beforeAll(async () => {
  harness = await startHarness();
  person = await harness.person();
});
afterAll(() => harness?.[Symbol.asyncDispose]());

test('a photo walks through all steps to a result', async () => {
  const photo = await uploaded(harness, person);
  const [submitted] = await submit(person, photo);
  expect(submitted).toMatchObject({
    kind: JobKind.PROCESS,
    jobClass: JobClass.HIGH_PRIORITY,
    priority: 9,
    photoId: photo.id,
  });
  const [job] = await ended(person, submitted!);
  expect(job).toMatchObject({
    status: JobStatus.COMPLETED,
    step: JobStep.SAVING,
    progress: 100,
    attempt: 1,
    resultWidth: 880,
    resultHeight: 880,
    qualityScore: 0.75,
    errorMessage: '',
  });
  expect(job!.geometry!.limbus).toMatchObject({ cx: 330, cy: 230 });
  expect(job!.steps.map((step) => step.step)).toEqual([
    JobStep.SEGMENTING,
    JobStep.REMOVING_REFLECTIONS,
    JobStep.ENHANCING,
  ]);
  expect(timestampDate(job!.updateTime!).getTime()).toBeGreaterThanOrEqual(timestampDate(job!.createTime!).getTime());
  const { photo: decoded } = await person.photos.getPhoto({ photoId: photo.id });
  expect(decoded).toMatchObject(PHOTO_SIZE);
  expect(harness.consent.issued.map((capability) => capability.step)).toEqual([
    'segmenting',
    'removing_reflections',
    'enhancing',
  ]);
  // Only result and mask stay: what lay between the steps is swept.
  await expect
    .poll(() => madeObjects(harness.store))
    .toEqual([`processed/${person.id}/${job!.id}/1.jpg`, `processed/${person.id}/${job!.id}/1_mask.png`]);
});
