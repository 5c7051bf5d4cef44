import { ConsentPurpose, SubjectKind } from '@irisvue/contracts/irisvue/consent/v1/consent_service';
import { JobStatus } from '@irisvue/contracts/irisvue/jobs/v1/job';
import { VisionService } from '@irisvue/contracts/irisvue/vision/v1/vision_service';
import { loadSecrets, serviceSecret } from '@irisvue/embedded';
import { createServiceClient, serviceTokenSource, systemClock } from '@irisvue/runtime';
import { childPids, startTestMesh, type TestMesh, until } from '@irisvue/testing';
import pg from 'pg';
import { v7 as uuidv7 } from 'uuid';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ended, eyeJpeg, submit } from './person.ts';
import { newCanary, withCanary } from './scenes/canary.ts';
import { type Citizen, consentFor, newCitizen, ownEye, uploadOf } from './scenes/citizen.ts';

/** The size of acceptance, and one that a run of all tests has time for. */
const FULL = { running: 10, waiting: 100, slots: 6, photos: 10 };
const SMALL = { running: 3, waiting: 20, slots: 2, photos: 3 };
const size = process.env.IRISVUE_SCENE === 'full' ? FULL : SMALL;
/** CR-07: queued and running work of the subject stops within this. */
const BOUND_MS = 2_000;
/** Jobs that a runner holds at once, which is its default. */
const RUNNER_JOBS = 16;
/** More jobs than have to wait: some run, and some end before enough of them run. */
const SPARE_JOBS = 4 * RUNNER_JOBS;
/** Services whose slots work on photos. */
const VISION = ['segmentation', 'enhancement'] as const;

let mesh: TestMesh;
let jobsDatabase: pg.Client;
beforeAll(async () => {
  const env = {
    IRISVUE_SLOTS: `${size.slots}`,
    IRISVUE_THREADS: `${size.slots}`,
    IRISVUE_RUNNER_JOBS: `${RUNNER_JOBS}`,
  };
  mesh = await startTestMesh({ env });
  jobsDatabase = new pg.Client({ connectionString: `${mesh.servers.postgres}/jobs` });
  await jobsDatabase.connect();
}, 600_000);
afterAll(async () => {
  await jobsDatabase?.end();
  await mesh?.[Symbol.asyncDispose]();
});

/** Of a subject's jobs: how many there are in each state. */
async function statesOf(jobIds: readonly string[]): Promise<Readonly<Record<string, number>>> {
  const { rows } = await jobsDatabase.query<{ status: string; count: string }>(
    'SELECT status, count(*) FROM jobs WHERE id = ANY($1) GROUP BY status',
    [jobIds],
  );
  return Object.fromEntries(rows.map(({ status, count }) => [status, Number(count)]));
}

async function slotPids(): Promise<number[]> {
  const pids = VISION.map(async (name) => childPids((await mesh.process(name)).pid));
  return (await Promise.all(pids)).flat();
}

const urlOf = async (name: string) => (await mesh.process(name)).url!;

/** Slots at work now. */
async function busySlots(): Promise<number> {
  const { master } = await loadSecrets(mesh.home);
  const identityUrl = await urlOf('identity');
  const secret = serviceSecret(master, 'jobs');
  const token = serviceTokenSource({ identityUrl, service: 'jobs', secret, clock: systemClock });
  let busy = 0;
  for (const name of VISION) {
    const { slots, freeSlots } = await createServiceClient(VisionService, {
      url: await urlOf(name),
      token,
    }).getCapabilities({});
    busy += slots - freeSlots;
  }
  return busy;
}

async function submitMany(citizen: Citizen, photoIds: readonly string[], count: number): Promise<string[]> {
  const jobs: string[] = [];
  while (jobs.length < count) jobs.push(...(await submit(citizen, ...photoIds.slice(0, count - jobs.length))));
  return jobs;
}

test(`CR-07: ${size.running} jobs run and ${size.waiting} wait when their subject withdraws: all stop, no other does`, {
  timeout: 1_200_000,
}, async () => {
  const [subject, other] = [await newCitizen(mesh), await newCitizen(mesh)];
  const samples = { id: subject.account.userId, kind: SubjectKind.SYNTHETIC };
  await consentFor(subject, samples, '');
  const eye = await eyeJpeg(91, 1600, 1200);
  const photos: string[] = [];
  for (let n = 0; n < size.photos; n += 1) photos.push(await uploadOf(subject, withCanary(eye, newCanary(), n)));
  const othersPhoto = await uploadOf(other, eye);
  const sample = await uploadOf(subject, await eyeJpeg(92, 640, 480), samples);

  const jobs = await submitMany(subject, photos, size.waiting + SPARE_JOBS);
  const othersJobs = [...(await submit(other, othersPhoto)), ...(await submit(subject, sample))];
  await until(
    async () => {
      const [mine, others] = [await statesOf(jobs), await statesOf(othersJobs)];
      return (mine['processing'] ?? 0) >= size.running && (others['processing'] ?? 0) >= 1;
    },
    { limitMs: 600_000, everyMs: 5, what: 'that the jobs run' },
  );
  const [busy, slots] = [await busySlots(), await slotPids()];
  const before = await statesOf(jobs);
  expect(before['processing']).toBeGreaterThanOrEqual(size.running);
  expect(before['pending']).toBeGreaterThanOrEqual(size.waiting);

  const purpose = ConsentPurpose.DATA_PROCESSING;
  const beganAt = Date.now();
  await subject.consent.withdrawConsent({ requestId: uuidv7(), subject: ownEye(subject), purpose });
  const answeredMs = Date.now() - beganAt;
  await until(async () => !('processing' in (await statesOf(jobs))) && !('pending' in (await statesOf(jobs))), {
    limitMs: 60_000,
    everyMs: 10,
    what: 'that all jobs of the subject have ended',
  });
  // The slots that worked on them are killed; those that worked on others are not.
  await until(async () => {
    const alive = new Set(await slotPids());
    return slots.filter((pid) => !alive.has(pid)).length >= busy - othersJobs.length;
  });
  const slotsMs = Date.now() - beganAt;
  const { rows } = await jobsDatabase.query<{ status: string; ended_at: Date }>(
    'SELECT status, ended_at FROM jobs WHERE id = ANY($1) ORDER BY ended_at',
    [jobs],
  );
  const stoppedMs = Math.max(...rows.map((row) => row.ended_at.getTime())) - beganAt;
  const cancelled = rows.filter((row) => row.status === 'cancelled').length;
  console.log(
    `withdrawn while ${JSON.stringify(before)}, ${busy} slots busy: answered after ${answeredMs} ms, ` +
      `${cancelled} jobs cancelled, the last after ${stoppedMs} ms, slots gone after ${slotsMs} ms`,
  );
  expect(stoppedMs).toBeLessThan(BOUND_MS);
  expect(slotsMs).toBeLessThan(BOUND_MS);
  expect(cancelled).toBeGreaterThanOrEqual(size.running + size.waiting);

  // The other person's job, and the same person's rendered sample, which is another subject, go on untouched.
  const [others] = await ended(other, othersJobs.slice(0, 1));
  const [mine] = await ended(subject, othersJobs.slice(1));
  for (const job of [others!, mine!]) expect(job.status).toBe(JobStatus.COMPLETED);
});
