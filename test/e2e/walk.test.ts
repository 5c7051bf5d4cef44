import { Code, ConnectError } from '@connectrpc/connect';
import { ErrorReason } from '@irisvue/contracts/irisvue/errors/v1/errors';
import { CompositionLayout } from '@irisvue/contracts/irisvue/fusion/v1/fusion_service';
import { type Job, JobStatus, JobStep } from '@irisvue/contracts/irisvue/jobs/v1/job';
import { errorDetail } from '@irisvue/runtime';
import { startTestMesh } from '@irisvue/testing';
import sharp from 'sharp';
import { v7 as uuidv7 } from 'uuid';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ended, eyeJpeg, newPerson, type Person, submit, uploadBytes } from './person.ts';

let mesh: Awaited<ReturnType<typeof startTestMesh>>;
let person: Person;
let photoIds: string[];

beforeAll(async () => {
  mesh = await startTestMesh();
  person = await newPerson(mesh.gatewayUrl);
  photoIds = await Promise.all([11, 12, 13].map(async (seed) => uploadBytes(person, await eyeJpeg(seed))));
});
afterAll(async () => {
  await person?.[Symbol.asyncDispose]();
  await mesh?.[Symbol.asyncDispose]();
});

const bytesOf = async (url: string): Promise<Buffer> => {
  const answer = await fetch(url);
  expect(answer.status, url).toBe(200);
  return Buffer.from(await answer.arrayBuffer());
};

/** Neither progress nor step goes back, and both reach the end. The numbers of JobStep are in the order of the steps. */
function expectForward(snapshots: readonly Job[]): void {
  for (const course of [snapshots.map((job) => job.progress), snapshots.map((job) => job.step)]) {
    expect(course).toEqual(course.toSorted((a, b) => a - b));
  }
  expect(snapshots.at(-1)).toMatchObject({ progress: 100, step: JobStep.SAVING });
}

test('a batch of photos becomes irises, with progress that never goes back', async () => {
  const jobIds = await submit(person, ...photoIds);
  const seen = new Map<string, Job[]>();
  for await (const { job } of person.jobs.watchJobs({ jobIds })) {
    seen.set(job!.id, [...(seen.get(job!.id) ?? []), job!]);
  }
  for (const snapshots of seen.values()) expectForward(snapshots);
  const jobs = await ended(person, jobIds);
  expect(jobs.map((job) => job.status)).toEqual([JobStatus.COMPLETED, JobStatus.COMPLETED, JobStatus.COMPLETED]);
  expect(jobs.map((job) => job.priority)).toEqual([9, 8, 7]);

  const [job] = jobs;
  expect(job!.steps.map((s) => s.step)).toEqual([JobStep.SEGMENTING, JobStep.REMOVING_REFLECTIONS, JobStep.ENHANCING]);
  expect(job!.steps[0]?.provenance).toMatchObject({ model: 'iris-segmentation', modelVersion: '1', device: 'cpu' });
  expect(job!.qualityScore).toBeGreaterThan(0.3);
  expect(job!.geometry).toMatchObject({ frameWidth: 1000, frameHeight: 750 });

  const result = await sharp(await bytesOf(job!.links!.resultUrl)).metadata();
  expect(result).toMatchObject({ format: 'jpeg', width: job!.resultWidth, height: job!.resultHeight });
  expect(result.width).toBe(result.height);
  const mask = await sharp(await bytesOf(job!.links!.maskUrl)).metadata();
  expect(mask).toMatchObject({ format: 'png', width: 1000, height: 750 });
});

test('irises are fused and composed', async () => {
  const make = (spec: Parameters<Person['artworks']['createArtwork']>[0]['spec']) =>
    person.artworks.createArtwork({ requestId: uuidv7(), photoIds, spec });
  const [fusion, composition] = await Promise.all([
    make({ case: 'fusion', value: {} }),
    make({ case: 'composition', value: { layout: CompositionLayout.HORIZONTAL } }),
  ]);
  for (const { artwork } of [fusion, composition]) {
    const snapshots: Job[] = [];
    for await (const { job } of person.jobs.watchJobs({ jobIds: [artwork!.job!.id] })) snapshots.push(job!);
    expectForward(snapshots);
  }

  const fused = (await person.artworks.getArtwork({ artworkId: fusion.artwork!.id })).artwork!;
  expect(fused.method).toBe('poisson-multigrid');
  const picture = await sharp(await bytesOf(fused.resultUrl)).metadata();
  expect(picture.width).toBe(picture.height);
  expect(picture.width).toBeLessThanOrEqual(2048);
  expect(await sharp(await bytesOf(fused.thumbnailUrl)).metadata()).toMatchObject({ width: 256, height: 256 });

  const composed = (await person.artworks.getArtwork({ artworkId: composition.artwork!.id })).artwork!;
  const row = await sharp(await bytesOf(composed.resultUrl)).metadata();
  expect(row.width).toBeGreaterThan(2 * row.height!);
  expect((await person.artworks.listArtworks({})).artworks.map((a) => a.id)).toEqual(
    expect.arrayContaining([fused.id, composed.id]),
  );
});

test('the same request_id gives the same jobs; another request under it is refused', async () => {
  const requestId = uuidv7();
  const first = await person.jobs.createJobs({ requestId, photoIds: [photoIds[0]!] });
  const again = await person.jobs.createJobs({ requestId, photoIds: [photoIds[0]!] });
  expect(again.jobs.map((j) => j.id)).toEqual(first.jobs.map((j) => j.id));
  const other = person.jobs.createJobs({ requestId, photoIds: [photoIds[1]!] });
  await expect(other).rejects.toSatisfy((e) => errorDetail(e)?.reason === ErrorReason.REQUEST_ID_REUSED);
  await ended(person, [first.jobs[0]!.id]);
});

test('a batch with somebody else\'s photo is refused whole, and says no more than "not found"', async () => {
  await using stranger = await newPerson(mesh.gatewayUrl);
  const own = await uploadBytes(stranger, await eyeJpeg(14, 400, 300));
  const batch = stranger.jobs.createJobs({ requestId: uuidv7(), photoIds: [own, photoIds[0]!] });
  await expect(batch).rejects.toSatisfy(
    (e) => ConnectError.from(e).code === Code.NotFound && errorDetail(e)?.metadata.id === photoIds[0],
  );
  expect((await stranger.jobs.listJobs({})).jobs).toEqual([]);
});

test('a revoked link is dead at once, a fresh one works', async () => {
  const [jobId] = (await person.jobs.listJobs({})).jobs
    .filter((j) => j.status === JobStatus.COMPLETED)
    .map((j) => j.id);
  const link = async (): Promise<string> => (await person.jobs.getJob({ jobId: jobId! })).job!.links!.resultUrl;
  const old = await link();
  await bytesOf(old);
  await person.artworks.revokeLinks({ requestId: uuidv7(), resource: { case: 'jobId', value: jobId! } });
  expect((await fetch(old, { redirect: 'manual' })).status).toBe(410);
  await bytesOf(await link());
});

test('a deleted photo takes its jobs, results and links along', async () => {
  const photoId = await uploadBytes(person, await eyeJpeg(15, 600, 450));
  const [jobId] = await submit(person, photoId);
  const [job] = await ended(person, [jobId!]);
  await person.photos.deletePhoto({ requestId: uuidv7(), photoId });
  await expect(person.jobs.getJob({ jobId: jobId! })).rejects.toSatisfy(
    (e) => ConnectError.from(e).code === Code.NotFound,
  );
  expect((await fetch(job!.links!.resultUrl, { redirect: 'manual' })).status).toBeGreaterThanOrEqual(400);
});
