import { createHash, randomBytes } from 'node:crypto';
import { ConsentPurpose, SubjectKind } from '@irisvue/contracts/irisvue/consent/v1/consent_service';
import { JobStatus } from '@irisvue/contracts/irisvue/jobs/v1/job';
import { UploadStatus } from '@irisvue/contracts/irisvue/jobs/v1/photo_service';
import { newId } from '@irisvue/database';
import { type DomainError, ErrorReason, errorDetail } from '@irisvue/runtime';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { announce, ended, type Harness, type Person, startHarness, submit, uploaded } from './harness.ts';

let harness: Harness;
let person: Person;
let now = new Date();
beforeAll(async () => {
  harness = await startHarness({ IRISVUE_RUNNER_JOBS: '0' }, { clock: { now: () => now } });
});
afterAll(() => harness?.[Symbol.asyncDispose]());
beforeEach(async () => {
  person = await harness.person();
});

/** What a call is refused with: its reason and the facts beside it. */
async function refusal(call: Promise<unknown>): Promise<Pick<DomainError, 'reason' | 'metadata'>> {
  const error = await call.then(
    () => expect.fail('the call was not refused'),
    (thrown: unknown) => thrown,
  );
  const { reason, metadata } = errorDetail(error)!;
  return { reason, metadata };
}

const jobCount = async () =>
  (await harness.db.selectFrom('jobs').select('id').where('user_id', '=', person.id).execute()).length;
const photoRequest = (bytes: Uint8Array) => ({
  requestId: newId(),
  subjectKind: SubjectKind.SELF,
  sha256: createHash('sha256').update(bytes).digest('hex'),
  sizeBytes: BigInt(bytes.length),
  contentType: 'image/jpeg',
});
const keyOf = (photo: { id: string }) => `photos/${person.id}/${photo.id}`;

describe('a photo', () => {
  test('is announced once per request_id, with an upload to send', async () => {
    const request = photoRequest(randomBytes(10));
    const [first, second] = await Promise.all([person.photos.createPhoto(request), person.photos.createPhoto(request)]);
    expect(second.photo).toEqual(first.photo);
    expect(first.photo).toMatchObject({ uploadStatus: UploadStatus.PENDING, subject: { id: person.id } });
    expect(first.upload).toMatchObject({ method: 'PUT' });
    const { photos } = await person.photos.listPhotos({});
    expect(photos).toHaveLength(1);
    const other = person.photos.createPhoto({ ...request, sizeBytes: 11n });
    expect(await refusal(other)).toEqual({
      reason: ErrorReason.REQUEST_ID_REUSED,
      metadata: { request_id: request.requestId },
    });
  });

  test('needs consent to be taken, and a kind of subject that is allowed', async () => {
    harness.consent.withdraw(person.id, ConsentPurpose.BIOMETRIC_CAPTURE);
    expect(await refusal(announce(person, randomBytes(10)))).toEqual({
      reason: ErrorReason.CONSENT_REQUIRED,
      metadata: { purpose: 'biometric_capture', pending: person.id },
    });
    expect(await refusal(announce(person, randomBytes(10), SubjectKind.EVALUATION))).toEqual({
      reason: ErrorReason.SUBJECT_KIND_NOT_ALLOWED,
      metadata: { subject_kind: 'evaluation' },
    });
    expect((await person.photos.listPhotos({})).photos).toEqual([]);
  });

  test('whose bytes have not arrived cannot be confirmed', async () => {
    const photo = await announce(person, randomBytes(10));
    expect(await refusal(person.photos.confirmPhoto({ photoId: photo.id }))).toEqual({
      reason: ErrorReason.PHOTO_NOT_UPLOADED,
      metadata: { photo_id: photo.id },
    });
  });

  test.each([
    { what: 'size', field: 'size_bytes', stored: Buffer.from('longer than said') },
    { what: 'sha256', field: 'sha256', stored: Buffer.from('0123456789') },
  ])('whose $what differs from what was announced is deleted, and can be sent again', async ({ field, stored }) => {
    const bytes = Buffer.from('abcdefghij');
    const photo = await announce(person, bytes);
    await harness.store.put(keyOf(photo), stored, { contentType: 'image/jpeg' });
    const { reason, metadata } = await refusal(person.photos.confirmPhoto({ photoId: photo.id }));
    expect(reason).toBe(ErrorReason.UPLOAD_MISMATCH);
    expect(metadata).toMatchObject({ field, expected: field === 'size_bytes' ? '10' : photo.sha256 });
    expect(metadata['actual']).not.toBe(metadata['expected']);
    expect(await harness.store.head(keyOf(photo))).toBeUndefined();
    await harness.store.put(keyOf(photo), bytes, { contentType: 'image/jpeg' });
    const confirmed = await person.photos.confirmPhoto({ photoId: photo.id });
    expect(confirmed.photo!.uploadStatus).toBe(UploadStatus.UPLOADED);
    expect(await person.photos.confirmPhoto({ photoId: photo.id })).toEqual(confirmed);
  });

  test('that never arrives is removed after a day, with what did arrive', async () => {
    const photo = await announce(person, randomBytes(10));
    const kept = await uploaded(harness, person);
    await harness.store.put(keyOf(photo), randomBytes(3), { contentType: 'image/jpeg' });
    now = new Date(now.getTime() + 24 * 3_600_000 + 1_000);
    await expect.poll(async () => (await person.photos.listPhotos({})).photos.map(({ id }) => id)).toEqual([kept.id]);
    await expect.poll(() => harness.store.head(keyOf(photo))).toBeUndefined();
    expect(await harness.store.head(keyOf(kept))).toBeDefined();
  });

  test('of somebody else does not exist', async () => {
    const photo = await uploaded(harness, person);
    const stranger = await harness.person();
    const notFound = { reason: ErrorReason.NOT_FOUND, metadata: { resource: 'photo', id: photo.id } };
    expect(await refusal(stranger.photos.getPhoto({ photoId: photo.id }))).toEqual(notFound);
    expect(await refusal(stranger.photos.confirmPhoto({ photoId: photo.id }))).toEqual(notFound);
    expect(await refusal(stranger.photos.deletePhoto({ requestId: newId(), photoId: photo.id }))).toEqual(notFound);
    expect(await refusal(submit(stranger, photo))).toEqual(notFound);
    expect((await person.photos.getPhoto({ photoId: photo.id })).photo).toBeDefined();
  });

  test('that is deleted takes its jobs with it, and a repeat of the request is harmless', async () => {
    const photo = await uploaded(harness, person);
    const [job] = await submit(person, photo);
    const request = { requestId: newId(), photoId: photo.id };
    await person.photos.deletePhoto(request);
    await person.photos.deletePhoto(request);
    const gone = await refusal(person.photos.getPhoto({ photoId: photo.id }));
    expect(gone.reason).toBe(ErrorReason.NOT_FOUND);
    expect((await refusal(person.jobs.getJob({ jobId: job!.id }))).reason).toBe(ErrorReason.NOT_FOUND);
    expect((await refusal(submit(person, photo))).reason).toBe(ErrorReason.NOT_FOUND);
    expect((await person.jobs.listJobs({})).jobs).toEqual([]);
    await expect.poll(() => harness.store.head(keyOf(photo))).toBeUndefined();
    // Nobody learns more of it than that it was cancelled.
    const row = await harness.db.selectFrom('jobs').selectAll().where('id', '=', job!.id).executeTakeFirstOrThrow();
    expect(row.status).toBe('cancelled');
  });
});

describe('a batch', () => {
  test('is accepted whole, the first one most urgent', async () => {
    const photos = await Promise.all(Array.from({ length: 10 }, () => uploaded(harness, person)));
    const jobs = await submit(person, ...photos);
    expect(jobs.map(({ photoId }) => photoId)).toEqual(photos.map(({ id }) => id));
    expect(jobs.map(({ priority }) => priority)).toEqual([9, 8, 7, 6, 5, 4, 3, 2, 1, 0]);
    const pages = [];
    for (let pageToken = ''; pages.length === 0 || pageToken !== ''; ) {
      const page = await person.jobs.listJobs({ pageSize: 4, pageToken });
      pages.push(page.jobs.map(({ id }) => id));
      pageToken = page.nextPageToken;
    }
    expect(pages.map((page) => page.length)).toEqual([4, 4, 2]);
    expect(pages.flat()).toEqual(jobs.map(({ id }) => id).reverse());
    const { jobs: ofFirst } = await person.jobs.listJobs({ photoId: photos[0]!.id });
    expect(ofFirst.map(({ id }) => id)).toEqual([jobs[0]!.id]);
  });

  test('with one photo that cannot be used is refused whole', async () => {
    const good = await uploaded(harness, person);
    const announced = await announce(person, randomBytes(10));
    const foreign = await uploaded(harness, await harness.person());
    expect(await refusal(submit(person, good, announced))).toEqual({
      reason: ErrorReason.PHOTO_NOT_UPLOADED,
      metadata: { photo_id: announced.id },
    });
    expect((await refusal(submit(person, good, foreign))).reason).toBe(ErrorReason.NOT_FOUND);
    expect(await jobCount()).toBe(0);
  });

  test.each([
    ['none', 0],
    ['eleven', 11],
  ])('of %s is refused', async (_, count) => {
    const photoIds = Array.from({ length: count }, () => newId());
    const { reason } = await refusal(person.jobs.createJobs({ requestId: newId(), photoIds }));
    expect(reason).toBe(ErrorReason.INVALID_FIELD);
  });

  test('is made once, however often and however simultaneously it is sent', async () => {
    const photo = await uploaded(harness, person);
    const request = { requestId: newId(), photoIds: [photo.id] };
    const answers = await Promise.all(Array.from({ length: 4 }, () => person.jobs.createJobs(request)));
    expect(new Set(answers.map(({ jobs }) => jobs[0]!.id)).size).toBe(1);
    expect(await jobCount()).toBe(1);
    const changed = person.jobs.createJobs({ ...request, photoIds: [(await uploaded(harness, person)).id] });
    expect((await refusal(changed)).reason).toBe(ErrorReason.REQUEST_ID_REUSED);
  });

  test('needs consent to processing', async () => {
    const photo = await uploaded(harness, person);
    harness.consent.withdraw(person.id, ConsentPurpose.DATA_PROCESSING);
    expect(await refusal(submit(person, photo))).toEqual({
      reason: ErrorReason.CONSENT_REQUIRED,
      metadata: { purpose: 'data_processing', pending: person.id },
    });
    expect(await jobCount()).toBe(0);
  });
});

describe('a job', () => {
  test('of somebody else does not exist', async () => {
    const [job] = await submit(person, await uploaded(harness, person));
    const stranger = await harness.person();
    const notFound = { reason: ErrorReason.NOT_FOUND, metadata: { resource: 'job', id: job!.id } };
    expect(await refusal(stranger.jobs.getJob({ jobId: job!.id }))).toEqual(notFound);
    expect(await refusal(stranger.jobs.cancelJob({ requestId: newId(), jobId: job!.id }))).toEqual(notFound);
    expect(await refusal(ended(stranger, job!))).toEqual(notFound);
    expect((await stranger.jobs.listJobs({})).jobs).toEqual([]);
    expect((await person.jobs.getJob({ jobId: job!.id })).job!.status).toBe(JobStatus.PENDING);
  });

  test('for a photo that has one already is a new one', async () => {
    const photo = await uploaded(harness, person);
    const [first] = await submit(person, photo);
    const [second] = await submit(person, photo);
    expect(second!.id).not.toBe(first!.id);
  });

  test('cannot be asked for without a token, nor by a service', async () => {
    const nobody = harness.caller('');
    expect((await refusal(nobody.jobs.listJobs({}))).reason).toBe(ErrorReason.TOKEN_INVALID);
    const service = harness.caller(await harness.identity.serviceToken('gateway'));
    expect((await refusal(service.jobs.listJobs({}))).reason).toBe(ErrorReason.NOT_ALLOWED);
  });
});
