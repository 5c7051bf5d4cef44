import { createHash, randomBytes } from 'node:crypto';
import { create } from '@bufbuild/protobuf';
import { timestampNow } from '@bufbuild/protobuf/wkt';
import { SubjectKind } from '@irisvue/contracts/irisvue/consent/v1/consent_service';
import { CapturePermissionWithdrawnSchema } from '@irisvue/contracts/irisvue/consent/v1/events';
import { CompositionLayout } from '@irisvue/contracts/irisvue/fusion/v1/fusion_service';
import { JobStatus } from '@irisvue/contracts/irisvue/jobs/v1/job';
import { newId } from '@irisvue/database';
import { appendEvent } from '@irisvue/events';
import { ErrorReason, errorDetail } from '@irisvue/runtime';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { ended, type Harness, isProcessing, type Person, seen, startHarness, submit } from './harness.ts';

/** CR-07: work of the subject stops within this. */
const BOUND_MS = 2_000;
const { SELF, MINOR, SYNTHETIC } = SubjectKind;

let harness: Harness;
let uploader: Person;
let subjectId: string;
beforeAll(async () => {
  harness = await startHarness();
});
afterAll(() => harness?.[Symbol.asyncDispose]());
beforeEach(async () => {
  harness.vision.during = () => undefined;
  uploader = await harness.person();
  subjectId = (await harness.person()).id;
});

const announce = async (by: Person, subject: string, subjectKind: SubjectKind = SELF, bytes = randomBytes(64)) => {
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const announced = { sha256, sizeBytes: BigInt(bytes.length), contentType: 'image/jpeg' };
  const { photo } = await by.photos.createPhoto({ requestId: newId(), subjectKind, subjectId: subject, ...announced });
  return photo!;
};
async function uploadedBy(by: Person, subject: string, subjectKind: SubjectKind = SELF) {
  const bytes = randomBytes(64);
  const photo = await announce(by, subject, subjectKind, bytes);
  await harness.store.put(`photos/${by.id}/${photo.id}`, bytes, { contentType: 'image/jpeg' });
  return (await by.photos.confirmPhoto({ photoId: photo.id })).photo!;
}
async function refusal(call: Promise<unknown>) {
  const error = await call.then(
    () => expect.fail('the call was not refused'),
    (thrown: unknown) => thrown,
  );
  const { reason, metadata } = errorDetail(error)!;
  return { reason, metadata };
}
/** What consent does: its answer changes, and its event reaches the stream. Any outbox will do. */
async function withdrawCapture(of: string, uploaderId: string) {
  harness.consent.permitCapture(of, uploaderId, false);
  const event = create(CapturePermissionWithdrawnSchema, {
    ...{ subject: { id: of, kind: SELF }, uploaderId, withdrawTime: timestampNow() },
  });
  await harness.db.transaction().execute((trx) => appendEvent(trx, CapturePermissionWithdrawnSchema, event));
}

test('a photo of another adult’s eye is taken only with that adult’s permission, and names the adult', async () => {
  expect(await refusal(announce(uploader, subjectId))).toEqual({
    reason: ErrorReason.CONSENT_REQUIRED,
    metadata: { purpose: 'biometric_capture', pending: subjectId },
  });
  harness.consent.permitCapture(subjectId, uploader.id);
  expect((await announce(uploader, subjectId)).subject).toMatchObject({ id: subjectId, kind: SELF });
  const own = await announce(uploader, '');
  expect(own.subject?.id).toBe(uploader.id);
});

test.each([
  ['a minor without saying who it is', MINOR, () => '', ErrorReason.INVALID_FIELD],
  ['a minor of somebody else', MINOR, newId, ErrorReason.CONSENT_REQUIRED],
  ['a synthetic eye under somebody else’s name', SYNTHETIC, newId, ErrorReason.CONSENT_REQUIRED],
])('%s is refused', async (_, kind, subject, reason) => {
  expect((await refusal(announce(uploader, subject(), kind))).reason).toBe(reason);
});

test('a minor’s photo is uploaded and processed by its representative', async () => {
  const minorId = newId();
  harness.consent.permitCapture(minorId, uploader.id);
  const photo = await uploadedBy(uploader, minorId, MINOR);
  expect(photo.subject).toMatchObject({ id: minorId, kind: MINOR });
  const [job] = await ended(uploader, ...(await submit(uploader, photo)));
  expect(job!.status).toBe(JobStatus.COMPLETED);
  const issued = harness.consent.issued.filter(({ jobId }) => jobId === job!.id);
  expect(issued[0]).toMatchObject({ subjects: [{ id: minorId, kind: MINOR }], uploaderId: uploader.id });
});

test('a permission that is taken back stops that uploader’s work within two seconds, and nobody else’s', async () => {
  const other = await harness.person();
  for (const by of [uploader, other]) harness.consent.permitCapture(subjectId, by.id);
  const held = Promise.withResolvers<void>();
  harness.vision.during = () => held.promise;
  const [theirs] = await submit(other, await uploadedBy(other, subjectId));
  const [mine] = await submit(uploader, await uploadedBy(uploader, subjectId));
  await seen(uploader, mine!, isProcessing);
  const awaited = await announce(uploader, subjectId);
  const startedAt = performance.now();
  await withdrawCapture(subjectId, uploader.id);
  const [last] = await ended(uploader, mine!);
  expect(performance.now() - startedAt).toBeLessThan(BOUND_MS);
  expect(last).toMatchObject({ status: JobStatus.CANCELLED, errorMessage: 'Consent was withdrawn' });
  held.resolve();
  expect((await ended(other, theirs!))[0]!.status).toBe(JobStatus.COMPLETED);
  await expect
    .poll(async () => (await uploader.photos.listPhotos({})).photos.map(({ id }) => id))
    .not.toContain(awaited.id);
});

test('a permission that is taken back ends links to what was made, and new work is refused', async () => {
  harness.consent.permitCapture(subjectId, uploader.id);
  const photo = await uploadedBy(uploader, subjectId);
  const [job] = await ended(uploader, ...(await submit(uploader, photo)));
  const { links } = (await uploader.jobs.getJob({ jobId: job!.id })).job!;
  const downloads = await harness.downloads();
  const open = (url: string) => downloads.resolveDownload({ token: url.split('/').at(-1)! });
  expect((await open(links!.resultUrl)).url).not.toBe('');
  harness.consent.permitCapture(subjectId, uploader.id, false);
  for (const url of [links!.resultUrl, links!.originalUrl]) {
    expect((await refusal(open(url))).reason).toBe(ErrorReason.CONSENT_REQUIRED);
  }
  expect((await refusal(submit(uploader, photo))).reason).toBe(ErrorReason.CONSENT_REQUIRED);
});

test('the uploader’s artwork with another adult’s iris needs that adult’s permission', async () => {
  harness.consent.permitCapture(subjectId, uploader.id);
  const [own, foreign] = [await uploadedBy(uploader, ''), await uploadedBy(uploader, subjectId)];
  const composition = { case: 'composition', value: { layout: CompositionLayout.HORIZONTAL } } as const;
  const make = () =>
    uploader.artworks.createArtwork({ requestId: newId(), photoIds: [own.id, foreign.id], spec: composition });
  expect(await refusal(make())).toEqual({
    reason: ErrorReason.CONSENT_REQUIRED,
    metadata: { purpose: 'artwork', pending: foreign.id },
  });
  harness.consent.permit(foreign.id, uploader.id);
  const { artwork } = await make();
  expect((await ended(uploader, artwork!.job!))[0]!.status).toBe(JobStatus.COMPLETED);
});

test('an adult sees what others uploaded of the own eyes, and deletes it; nobody else does', async () => {
  const subject = await harness.person();
  const stranger = await harness.person();
  const other = await harness.person();
  for (const by of [uploader, other]) harness.consent.permitCapture(subject.id, by.id);
  const [first, second] = [await uploadedBy(uploader, subject.id), await uploadedBy(other, subject.id)];
  await uploadedBy(subject, '');
  await uploadedBy(uploader, '');
  const seenBy = async (person: Person) =>
    (await person.photos.listPhotos({ ofCaller: true })).photos.map(({ id, uploaderId }) => [id, uploaderId]);
  expect(await seenBy(subject)).toEqual([
    [second.id, other.id],
    [first.id, uploader.id],
  ]);
  const { photos, nextPageToken } = await subject.photos.listPhotos({ ofCaller: true, pageSize: 1 });
  const rest = await subject.photos.listPhotos({ ofCaller: true, pageSize: 1, pageToken: nextPageToken });
  expect([...photos, ...rest.photos].map(({ id }) => id)).toEqual([second.id, first.id]);
  for (const person of [uploader, other, stranger]) expect(await seenBy(person)).toEqual([]);

  const drop = (person: Person) => person.photos.deletePhoto({ requestId: newId(), photoId: first.id });
  for (const person of [other, stranger]) expect((await refusal(drop(person))).reason).toBe(ErrorReason.NOT_FOUND);
  const held = Promise.withResolvers<void>();
  harness.vision.during = () => held.promise;
  const [job] = await submit(uploader, first);
  await seen(uploader, job!, isProcessing);
  await drop(subject);
  held.resolve();
  expect(await seenBy(subject)).toEqual([[second.id, other.id]]);
  const get = uploader.photos.getPhoto({ photoId: first.id });
  expect((await refusal(get)).reason).toBe(ErrorReason.NOT_FOUND);
});
