import { JobCompletedSchema } from '@irisvue/contracts/irisvue/jobs/v1/events';
import { JobStatus } from '@irisvue/contracts/irisvue/jobs/v1/job';
import { metricsUrl, SERVICES } from '@irisvue/embedded';
import { connectEvents, consumeEvents, handler } from '@irisvue/events';
import { createLogger } from '@irisvue/runtime';
import { startTestMesh, type TestMesh, until } from '@irisvue/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ended, eyeJpeg, newPerson, type Person, submit, uploadBytes } from '../e2e/person.ts';
import { expectRightEnds, resultDigest } from '../e2e/right-ends.ts';

/** Two replicas each of who claims the work and of who does its first step. */
const REPLICAS = { jobs: 2, segmentation: 2 };
const JOBS = ['jobs', 'jobs-2'];
const SEGMENTATION = ['segmentation', 'segmentation-2'];
const PHOTOS = 5;
/** Jobs that are submitted before each of ten restarts: 20 in `./irisvue test`, 50 in `./irisvue test chaos`. */
const JOBS_PER_RESTART = Number(process.env.IRISVUE_CHAOS_ROUNDS ?? 1) > 1 ? 5 : 2;
/** Jobs within which both replicas of jobs have claimed three. */
const MOST_SHARED = 60;
const SLOW_MS = 600_000;

const logger = createLogger({ service: 'test', level: 'silent' });
let mesh: TestMesh;
let person: Person;
let photoIds: string[];
/** SHA-256 of result and mask of an undisturbed run, by photo. */
const undisturbed = new Map<string, string>();
/** Ids of the JobCompleted events, by job. */
const completions = new Map<string, Set<string>>();
const stack = new AsyncDisposableStack();

beforeAll(async () => {
  const env = { IRISVUE_LEASE_SECONDS: '3', IRISVUE_SWEEP_SECONDS: '1' };
  mesh = stack.use(await startTestMesh({ env, replicas: REPLICAS }));
  person = stack.use(await newPerson(mesh.gatewayUrl));
  await followCompletions();
  const pictures = Array.from({ length: PHOTOS }, (_, i) => eyeJpeg(70 + i, 900, 675));
  photoIds = await Promise.all(pictures.map(async (picture) => await uploadBytes(person, await picture)));
  for (const job of await ended(person, await submit(person, ...photoIds))) {
    undisturbed.set(job.photoId, await resultDigest(job));
  }
}, SLOW_MS);
afterAll(() => stack.disposeAsync());

async function followCompletions(): Promise<void> {
  const bus = stack.use(await connectEvents({ url: mesh.servers.nats, name: 'test', logger }));
  const stop = new AbortController();
  const counted = handler(JobCompletedSchema, async ({ jobId }, { id }) => {
    completions.set(jobId, (completions.get(jobId) ?? new Set()).add(id));
  });
  const following = consumeEvents({ bus, durable: 'test-completions', on: [counted], logger, signal: stop.signal });
  stack.defer(async () => {
    stop.abort();
    await following;
  });
}

/** Value of a metric of one process, summed over its lines with the label. */
async function metric(process: string, name: string, label: string): Promise<number> {
  const answer = await fetch(metricsUrl((await mesh.process(process)).url!));
  const lines = (await answer.text()).split('\n').filter((line) => line.startsWith(`${name}{`) && line.includes(label));
  return lines.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
}

const submitted = async (count: number): Promise<string[]> => {
  const ids: string[] = [];
  while (ids.length < count) ids.push(...(await submit(person, ...photoIds.slice(0, count - ids.length))));
  return ids;
};
const statusesOf = (jobIds: readonly string[]): Promise<JobStatus[]> =>
  Promise.all(jobIds.map(async (jobId) => (await person.jobs.getJob({ jobId })).job!.status));

/** Each of the jobs ended right, and once. */
async function expectOneEnd(jobIds: readonly string[]): Promise<void> {
  await expectRightEnds(person, jobIds, undisturbed);
  await until(() => jobIds.every((id) => completions.has(id)), { what: 'an event for each end' });
  expect(jobIds.map((id) => completions.get(id)!.size)).toEqual(jobIds.map(() => 1));
}

/** Ends a process and waits until another one is ready in its place. */
async function replace(name: string, signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
  const { pid } = await mesh.process(name);
  process.kill(pid, signal);
  await until(async () => (await mesh.process(name)).pid !== pid, { limitMs: 60_000, what: `that ${name} is back` });
}

test('two replicas of jobs and two of segmentation share the work', { timeout: SLOW_MS }, async () => {
  const steps = (name: string) => metric(name, 'irisvue_step_seconds_count', 'step="segmenting"');
  const calls = (name: string) => metric(name, 'irisvue_slot_call_seconds_count', 'outcome="done"');
  const measured = async () => ({
    jobs: await Promise.all(JOBS.map(steps)),
    segmentation: await Promise.all(SEGMENTATION.map(calls)),
  });
  // Calls are balanced. A job belongs to whoever claims it first: it may take more than one round until both have some.
  let all = PHOTOS;
  let done: Awaited<ReturnType<typeof measured>>;
  do {
    await expectOneEnd(await submitted(15));
    all += 15;
    done = await measured();
  } while (Math.min(...done.jobs) < 3 && all < PHOTOS + MOST_SHARED);
  for (const counts of Object.values(done)) {
    expect(Math.min(...counts), JSON.stringify(done)).toBeGreaterThanOrEqual(3);
    expect(counts.reduce((sum, each) => sum + each)).toBe(all);
  }
});

test('kill -9 of one replica of each: the other ones end the work, once and right', { timeout: SLOW_MS }, async () => {
  const jobIds = await submitted(10);
  const busy = (name: string) => metric(name, 'irisvue_slots_busy', 'service_name');
  await until(async () => (await Promise.all(SEGMENTATION.map(busy))).every((slots) => slots === 1));
  await Promise.all([replace('segmentation-2', 'SIGKILL'), replace('jobs-2', 'SIGKILL')]);
  await expectOneEnd(jobIds);
});

test('a rolling restart of all, one after another under load, loses no job', { timeout: SLOW_MS }, async () => {
  const named = mesh.processes.map(({ name }) => name);
  const names = named.filter((name) => name === 'objects' || SERVICES.some((service) => name.startsWith(service)));
  expect(names).toHaveLength(SERVICES.length + 3);
  const jobIds: string[] = [];
  for (const name of names) {
    jobIds.push(...(await submitted(JOBS_PER_RESTART)));
    await until(async () => (await statusesOf(jobIds)).includes(JobStatus.PROCESSING));
    await replace(name, 'SIGTERM');
  }
  await expectOneEnd(jobIds);
});
