import type { Client } from '@connectrpc/connect';
import { ConsentPurpose } from '@irisvue/contracts/irisvue/consent/v1/consent_service';
import type { Job } from '@irisvue/contracts/irisvue/jobs/v1/job';
import type { DownloadService } from '@irisvue/contracts/irisvue/jobs/v1/job_service';
import { newId } from '@irisvue/database';
import { ErrorReason, errorDetail } from '@irisvue/runtime';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { ended, type Harness, type Person, startHarness, submit, uploaded } from './harness.ts';

let harness: Harness;
let person: Person;
let downloads: Client<typeof DownloadService>;
let job: Job;
let now = new Date();
beforeAll(async () => {
  harness = await startHarness({}, { clock: { now: () => now } });
  downloads = await harness.downloads();
});
afterAll(() => harness?.[Symbol.asyncDispose]());
beforeEach(async () => {
  person = await harness.person();
  const [submitted] = await submit(person, await uploaded(harness, person));
  await ended(person, submitted!);
  job = (await person.jobs.getJob({ jobId: submitted!.id })).job!;
});

const resolve = (url: string) => downloads.resolveDownload({ token: url.split('/').at(-1)! });
async function refusal(call: Promise<unknown>) {
  const error = await call.then(
    () => expect.fail('the link still works'),
    (thrown: unknown) => thrown,
  );
  const { reason, metadata } = errorDetail(error)!;
  return { reason, metadata };
}
const invalid = (problem: string) => ({ reason: ErrorReason.LINK_INVALID, metadata: { problem } });

test('each link of a job leads to its object, under a name of its own', async () => {
  const { originalUrl, resultUrl, maskUrl } = job.links!;
  const places = await Promise.all([originalUrl, resultUrl, maskUrl].map(async (url) => (await resolve(url)).url));
  expect(places[0]).toContain(`photos/${person.id}/${job.photoId}`);
  expect(places[1]).toContain(`processed/${person.id}/${job.id}/1.jpg`);
  expect(places[2]).toContain(`processed/${person.id}/${job.id}/1_mask.png`);
  const last = job.id.slice(-12);
  expect(places.map(decodeURIComponent).map((url) => /iris-[\w-]+\.\w+/.exec(url)?.[0])).toEqual([
    `iris-${last}-original.jpg`,
    `iris-${last}.jpg`,
    `iris-${last}-mask.png`,
  ]);
});

test('only the gateway may resolve a link', async () => {
  const other = await harness.downloads('segmentation');
  const asked = other.resolveDownload({ token: job.links!.resultUrl.split('/').at(-1)! });
  expect((await refusal(asked)).reason).toBe(ErrorReason.NOT_ALLOWED);
});

test('a link expires after an hour', async () => {
  now = new Date(now.getTime() + 3_601_000);
  expect(await refusal(resolve(job.links!.resultUrl))).toEqual(invalid('expired'));
});

test.each([
  ['job', () => ({ case: 'jobId', value: job.id }) as const],
  ['photo', () => ({ case: 'photoId', value: job.photoId }) as const],
])('revoking the links of a %s ends those handed out so far, and no later ones', async (_, resource) => {
  await person.artworks.revokeLinks({ requestId: newId(), resource: resource() });
  const { originalUrl, resultUrl, maskUrl } = job.links!;
  for (const url of [originalUrl, resultUrl, maskUrl]) expect(await refusal(resolve(url))).toEqual(invalid('revoked'));
  const { job: again } = await person.jobs.getJob({ jobId: job.id });
  await expect(resolve(again!.links!.resultUrl)).resolves.toBeDefined();
});

test('nobody revokes the links of others', async () => {
  const stranger = await harness.person();
  const resource = { case: 'jobId', value: job.id } as const;
  const refused = await refusal(stranger.artworks.revokeLinks({ requestId: newId(), resource }));
  expect(refused).toEqual({ reason: ErrorReason.NOT_FOUND, metadata: { resource: 'job', id: job.id } });
  await expect(resolve(job.links!.resultUrl)).resolves.toBeDefined();
});

test('a withdrawn consent ends the links that it covers, at once', async () => {
  harness.consent.withdraw(person.id, ConsentPurpose.DATA_PROCESSING);
  const metadata = { purpose: 'data_processing', pending: person.id };
  expect(await refusal(resolve(job.links!.resultUrl))).toEqual({ reason: ErrorReason.CONSENT_REQUIRED, metadata });
  await expect(resolve(job.links!.originalUrl)).resolves.toBeDefined();
  harness.consent.withdraw(person.id, ConsentPurpose.BIOMETRIC_CAPTURE);
  expect((await refusal(resolve(job.links!.originalUrl))).reason).toBe(ErrorReason.CONSENT_REQUIRED);
});

test('deleting the photo ends its links and removes every object', async () => {
  await person.photos.deletePhoto({ requestId: newId(), photoId: job.photoId });
  expect(await refusal(resolve(job.links!.resultUrl))).toEqual(invalid('deleted'));
  expect(await refusal(resolve(job.links!.originalUrl))).toEqual(invalid('deleted'));
  await expect
    .poll(async () => (await Array.fromAsync(harness.store.list(''))).filter(({ key }) => key.includes(person.id)))
    .toEqual([]);
  const row = await harness.db.selectFrom('jobs').selectAll().where('id', '=', job.id).executeTakeFirstOrThrow();
  expect(row).toMatchObject({ geometry: null, measures: null, quality_score: null, result: null, mask: null });
});
