import { randomUUID } from 'node:crypto';
import { JobStatus } from '@irisvue/contracts/irisvue/jobs/v1/job';
import { until } from '@irisvue/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ended, eyeJpeg, newPerson, type Person, submit, uploadBytes } from '../e2e/person.ts';
import { expectRightEnds, resultDigest } from '../e2e/right-ends.ts';
import { type ContainerMesh, docker, SERVERS, SERVICES, startContainerMesh } from './container-mesh.ts';

const SCALE = { jobs: 2, segmentation: 2 };
const PHOTOS = 5;
/** Jobs under which every container of a service is restarted, one after the other. */
const LOAD = 50;
const SLOW_MS = 1_200_000;

let mesh: ContainerMesh;
let person: Person;
let photoIds: string[];
/** SHA-256 of result and mask of an undisturbed run, by photo. */
const undisturbed = new Map<string, string>();
const stack = new AsyncDisposableStack();

beforeAll(async () => {
  mesh = stack.use(await startContainerMesh(SCALE));
  person = stack.use(await newPerson(mesh.gatewayUrl));
  const pictures = Array.from({ length: PHOTOS }, (_, i) => eyeJpeg(70 + i, 900, 675));
  photoIds = await Promise.all(pictures.map(async (picture) => await uploadBytes(person, await picture)));
  for (const job of await ended(person, await submit(person, ...photoIds))) {
    undisturbed.set(job.photoId, await resultDigest(job));
  }
}, SLOW_MS);
afterAll(() => stack.disposeAsync(), SLOW_MS);

/** Resolves when the job is worked on; gives whether it was before it ended. */
async function isBegun(jobId: string): Promise<boolean> {
  for await (const { job } of person.jobs.watchJobs({ jobIds: [jobId] })) {
    if (job!.status === JobStatus.PROCESSING) return true;
  }
  return false;
}

/** Value of a metric of one container, summed over its lines with the label. */
async function metric(container: string, name: string, label: string): Promise<number> {
  const print = "fetch('http://127.0.0.1:9464/metrics').then(async (answer) => console.log(await answer.text()))";
  const lines = (await docker('exec', container, 'node', '-e', print)).split('\n');
  return lines
    .filter((line) => line.startsWith(`${name}{`) && line.includes(label))
    .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
}

test('two containers of jobs and two of segmentation share the work', { timeout: SLOW_MS }, async () => {
  const jobIds = [...(await submit(person, ...photoIds)), ...(await submit(person, ...photoIds))];
  await expectRightEnds(person, jobIds, undisturbed);
  const counts = async (service: string, name: string, label: string) =>
    await Promise.all((await mesh.containers(service)).map((container) => metric(container, name, label)));
  const done = {
    jobs: await counts('jobs', 'irisvue_step_seconds_count', 'step="segmenting"'),
    segmentation: await counts('segmentation', 'irisvue_slot_call_seconds_count', 'outcome="done"'),
  };
  console.log('steps by container', done);
  for (const each of Object.values(done)) {
    expect(each).toHaveLength(2);
    expect(Math.min(...each)).toBeGreaterThanOrEqual(2);
    expect(each.reduce((sum, one) => sum + one)).toBe(PHOTOS + jobIds.length);
  }
});

/** Each container that takes part in the work on a photo: both of a service that has two. */
const victims = [...SERVICES, ...SERVERS].flatMap((service) =>
  Array.from({ length: SCALE[service as keyof typeof SCALE] ?? 1 }, (_, index) => ({ service, index })),
);

test.each(victims)(
  'docker kill of $service $index during a job: it ends once, right',
  { timeout: SLOW_MS },
  async (victim) => {
    const [jobId] = await submit(person, photoIds[0]!);
    expect(await isBegun(jobId!)).toBe(true);
    const startedAt = performance.now();
    const containers = await mesh.containers(victim.service);
    const container = containers[victim.index]!;
    await docker('kill', container);
    // Where there is another one it takes over; an engine starts nothing again that was killed through it.
    if (containers.length === 1) await docker('start', container);
    await expectRightEnds(person, [jobId!], undisturbed);
    console.log(
      `${victim.service}: the job ended ${((performance.now() - startedAt) / 1000).toFixed(1)} s after the kill`,
    );
    if (containers.length > 1) await docker('start', container);
    await mesh.healthy(container);
  },
);

test('docker kill of fusion during a fusion: the artwork is made once, with the same bytes', {
  timeout: SLOW_MS,
}, async () => {
  const first = await fuse();
  await ended(person, [first.jobId]);
  const second = await fuse();
  expect(await isBegun(second.jobId)).toBe(true);
  const [container] = await mesh.containers('fusion');
  await docker('kill', container!);
  await docker('start', container!);
  const [job] = await ended(person, [second.jobId]);
  expect(job, job!.errorMessage).toMatchObject({ status: JobStatus.COMPLETED });
  expect(await pictureOf(second.artworkId)).toEqual(await pictureOf(first.artworkId));
  await mesh.healthy(container!);
});

test('an outage of consent that outlasts several tries of a job ends none', { timeout: SLOW_MS }, async () => {
  const brokeOff = async () => {
    const runners = await mesh.containers('jobs');
    const each = runners.map((container) => metric(container, 'irisvue_job_attempts_total', 'outcome="broke"'));
    return (await Promise.all(each)).reduce((sum, one) => sum + one);
  };
  const before = await brokeOff();
  const jobIds = await submitSome(2 * PHOTOS);
  expect(await isBegun(jobIds[0]!)).toBe(true);
  const [container] = await mesh.containers('consent');
  await docker('kill', container!);
  // So many that some job has tried several times.
  await until(async () => (await brokeOff()) - before >= 2 * jobIds.length, { limitMs: SLOW_MS, everyMs: 500 });
  await docker('start', container!);
  await expectRightEnds(person, jobIds, undisturbed);
  await mesh.healthy(container!);
});

async function fuse(): Promise<{ artworkId: string; jobId: string }> {
  const spec = { case: 'fusion', value: {} } as const;
  const { artwork } = await person.artworks.createArtwork({
    requestId: randomUUID(),
    photoIds: photoIds.slice(0, 2),
    spec,
  });
  return { artworkId: artwork!.id, jobId: artwork!.job!.id };
}

async function pictureOf(artworkId: string): Promise<Buffer> {
  const { artwork } = await person.artworks.getArtwork({ artworkId });
  const answer = await fetch(artwork!.resultUrl);
  expect(answer.status).toBe(200);
  return Buffer.from(await answer.arrayBuffer());
}

test('a rolling restart of all services, one container after the other, loses no job', {
  timeout: SLOW_MS,
}, async () => {
  const containers = (await Promise.all(SERVICES.map((service) => mesh.containers(service)))).flat();
  expect(containers).toHaveLength(SERVICES.length + 2);
  const jobIds: string[] = [];
  const startedAt = performance.now();
  for (const [i, container] of containers.entries()) {
    const count = Math.ceil((LOAD - jobIds.length) / (containers.length - i));
    jobIds.push(...(await submitSome(count)));
    await until(async () => (await statusesOf(jobIds)).includes(JobStatus.PROCESSING));
    await docker('restart', '--time', '40', container);
    await mesh.healthy(container);
  }
  expect(jobIds).toHaveLength(LOAD);
  await expectRightEnds(person, jobIds, undisturbed);
  console.log(
    `${LOAD} jobs and ${containers.length} restarts in ${Math.round((performance.now() - startedAt) / 1000)} s`,
  );
});

const statusesOf = (jobIds: readonly string[]): Promise<JobStatus[]> =>
  Promise.all(jobIds.map(async (jobId) => (await person.jobs.getJob({ jobId })).job!.status));

async function submitSome(count: number): Promise<string[]> {
  const ids: string[] = [];
  while (ids.length < count) ids.push(...(await submit(person, ...photoIds.slice(0, count - ids.length))));
  return ids;
}
