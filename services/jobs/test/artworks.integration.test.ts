import { ConsentPurpose } from '@irisvue/contracts/irisvue/consent/v1/consent_service';
import { CompositionLayout, FusionMode } from '@irisvue/contracts/irisvue/fusion/v1/fusion_service';
import { JobClass, JobKind, JobStatus, JobStep } from '@irisvue/contracts/irisvue/jobs/v1/job';
import type { Photo } from '@irisvue/contracts/irisvue/jobs/v1/photo_service';
import { newId } from '@irisvue/database';
import { ErrorReason, errorDetail, reasonOf } from '@irisvue/runtime';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { ended, type Harness, madeObjects, type Person, startHarness, submit, uploaded } from './harness.ts';

let harness: Harness;
let person: Person;
beforeAll(async () => {
  harness = await startHarness();
});
afterAll(() => harness?.[Symbol.asyncDispose]());
beforeEach(async () => {
  harness.vision.during = () => undefined;
  person = await harness.person();
});

async function processed(owner: Person): Promise<Photo> {
  const photo = await uploaded(harness, owner);
  await ended(owner, ...(await submit(owner, photo)));
  return photo;
}
const fusion = { case: 'fusion', value: { mode: FusionMode.POISSON } } as const;
const composition = { case: 'composition', value: { layout: CompositionLayout.HORIZONTAL } } as const;
const create = async (
  owner: Person,
  photos: readonly { readonly id: string }[],
  spec: typeof fusion | typeof composition = fusion,
) => (await owner.artworks.createArtwork({ requestId: newId(), photoIds: photos.map(({ id }) => id), spec })).artwork!;
async function refusal(call: Promise<unknown>) {
  const error = await call.then(
    () => expect.fail('the call was not refused'),
    (thrown: unknown) => thrown,
  );
  const { reason, metadata } = errorDetail(error)!;
  return { reason, metadata };
}
const artworkCount = async () => (await person.artworks.listArtworks({})).artworks.length;

test('a fusion of two processed photos is made, with links and how it was made', async () => {
  const photos = [await processed(person), await processed(person)];
  const submitted = await create(person, photos);
  expect(submitted).toMatchObject({
    creatorId: person.id,
    photoIds: photos.map(({ id }) => id),
    spec: fusion,
    method: '',
    job: { kind: JobKind.FUSE, jobClass: JobClass.DEFAULT, artworkId: submitted.id, photoId: '' },
  });
  const [job] = await ended(person, submitted.job!);
  expect(job).toMatchObject({ status: JobStatus.COMPLETED, progress: 100, resultWidth: 2048 });
  expect(job!.steps.map(({ step }) => step)).toEqual([JobStep.BLENDING]);
  const { artwork } = await person.artworks.getArtwork({ artworkId: submitted.id });
  expect(artwork).toMatchObject({ method: 'poisson-multigrid' });
  expect(artwork!.completeTime).toBeDefined();
  const downloads = await harness.downloads();
  const place = async (url: string) => (await downloads.resolveDownload({ token: url.split('/').at(-1)! })).url;
  expect(await place(artwork!.resultUrl)).toContain(`fusion/${submitted.id}/1.jpg`);
  expect(await place(artwork!.thumbnailUrl)).toContain(`fusion/${submitted.id}/1_thumb.jpg`);
  const { links } = (await person.jobs.getJob({ jobId: job!.id })).job!;
  expect(links).toMatchObject({ originalUrl: '', maskUrl: '' });
  expect(await place(links!.resultUrl)).toContain(`fusion/${submitted.id}/1.jpg`);
  expect((await person.artworks.listArtworks({})).artworks.map(({ id }) => id)).toEqual([submitted.id]);
});

test('a fusion needs processed photos; a composition takes the original of one that is not', async () => {
  const photos = [await processed(person), await uploaded(harness, person)];
  expect(await refusal(create(person, photos))).toEqual({
    reason: ErrorReason.SOURCE_NOT_PROCESSED,
    metadata: { photo_id: photos[1]!.id },
  });
  expect(await artworkCount()).toBe(0);
  const made = await create(person, photos, composition);
  expect((await ended(person, made.job!))[0]!.status).toBe(JobStatus.COMPLETED);
  const sources = await harness.db
    .selectFrom('artwork_sources')
    .select(['picture', 'geometry'])
    .where('artwork_id', '=', made.id)
    .orderBy('position')
    .execute();
  expect(sources[0]!.picture).toMatchObject({ key: expect.stringMatching(/^processed\/.*\/1\.jpg$/) });
  expect(sources[1]).toMatchObject({ picture: { key: `photos/${person.id}/${photos[1]!.id}` }, geometry: null });
});

describe('a photo of somebody else', () => {
  test('needs its owner’s permission; without it nothing is made', async () => {
    const other = await harness.person();
    const photos = [await processed(person), await processed(other)];
    expect(await refusal(create(person, photos))).toEqual({
      reason: ErrorReason.CONSENT_REQUIRED,
      metadata: { purpose: 'artwork', pending: photos[1]!.id },
    });
    expect(await artworkCount()).toBe(0);
  });

  test('can be used with permission; its subject is in the capability, and its withdrawal ends the artwork’s links', async () => {
    const other = await harness.person();
    const photos = [await processed(person), await processed(other)];
    harness.consent.permit(photos[1]!.id, person.id);
    const made = await create(person, photos);
    expect((await ended(person, made.job!))[0]!.status).toBe(JobStatus.COMPLETED);
    const capability = harness.consent.issued.find(({ jobId }) => jobId === made.job!.id)!;
    expect(capability.subjects.map(({ id }) => id).sort()).toEqual([person.id, other.id].sort());
    const { artwork } = await person.artworks.getArtwork({ artworkId: made.id });
    harness.consent.withdraw(other.id, ConsentPurpose.DATA_PROCESSING);
    const token = artwork!.resultUrl.split('/').at(-1)!;
    expect((await refusal((await harness.downloads()).resolveDownload({ token }))).reason).toBe(
      ErrorReason.CONSENT_REQUIRED,
    );
  });

  test('that is deleted takes the artworks that show it with it', async () => {
    const other = await harness.person();
    const photos = [await processed(person), await processed(other)];
    harness.consent.permit(photos[1]!.id, person.id);
    const made = await create(person, photos);
    await ended(person, made.job!);
    const { artwork } = await person.artworks.getArtwork({ artworkId: made.id });
    await other.photos.deletePhoto({ requestId: newId(), photoId: photos[1]!.id });
    const token = artwork!.resultUrl.split('/').at(-1)!;
    expect((await refusal((await harness.downloads()).resolveDownload({ token }))).reason).toBe(
      ErrorReason.LINK_INVALID,
    );
    const reason = () => person.artworks.getArtwork({ artworkId: made.id }).then(() => undefined, reasonOf);
    await expect.poll(reason).toBe(ErrorReason.NOT_FOUND);
    await expect
      .poll(async () => (await madeObjects(harness.store)).filter((key) => key.includes(made.id)))
      .toEqual([]);
  });
});

test('one request_id makes one artwork', async () => {
  const photoIds = [(await processed(person)).id, (await processed(person)).id];
  const request = { requestId: newId(), photoIds, spec: fusion };
  const answers = await Promise.all([person.artworks.createArtwork(request), person.artworks.createArtwork(request)]);
  expect(answers[0]!.artwork!.id).toBe(answers[1]!.artwork!.id);
  expect(await artworkCount()).toBe(1);
});

test('the links of an artwork can be revoked', async () => {
  const made = await create(person, [await processed(person), await processed(person)]);
  await ended(person, made.job!);
  const { artwork } = await person.artworks.getArtwork({ artworkId: made.id });
  await person.artworks.revokeLinks({ requestId: newId(), resource: { case: 'artworkId', value: made.id } });
  const token = artwork!.resultUrl.split('/').at(-1)!;
  expect(await refusal((await harness.downloads()).resolveDownload({ token }))).toEqual({
    reason: ErrorReason.LINK_INVALID,
    metadata: { problem: 'revoked' },
  });
});
