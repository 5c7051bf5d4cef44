import { randomUUID } from 'node:crypto';
import { type Job, JobStatus, JobStep } from '@irisvue/contracts/irisvue/jobs/v1/job';
import { openStore } from '@irisvue/storage';
import { childPids, startTestMesh, type TestMesh, until } from '@irisvue/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ended, eyeJpeg, newPerson, type Person, submit, uploadBytes } from '../e2e/person.ts';
import { resultDigest } from '../e2e/right-ends.ts';

/** Rounds of each kill: 1 in `./irisvue test`, 10 in `./irisvue test chaos`. */
const rounds = Number(process.env.IRISVUE_CHAOS_ROUNDS ?? 1);
/** A lease that is short enough to see it run out. */
const env = { IRISVUE_LEASE_SECONDS: '3', IRISVUE_SWEEP_SECONDS: '1' };

let mesh: TestMesh;
let person: Person;
let photoId: string;
let otherPhotoId: string;
/** SHA-256 of result and mask of an undisturbed run. */
let expected: string;

beforeAll(async () => {
  mesh = await startTestMesh({ env });
  person = await newPerson(mesh.gatewayUrl);
  photoId = await uploadBytes(person, await eyeJpeg(61, 2400, 1800));
  otherPhotoId = await uploadBytes(person, await eyeJpeg(62, 2400, 1800));
  const [job] = await ended(person, await submit(person, photoId, otherPhotoId));
  expected = await resultDigest(job!);
});
afterAll(async () => {
  await person?.[Symbol.asyncDispose]();
  await mesh?.[Symbol.asyncDispose]();
});

/** Resolves when the job is inside the step. */
async function inside(jobId: string, step: JobStep): Promise<void> {
  for await (const { job } of person.jobs.watchJobs({ jobIds: [jobId] })) {
    if (job!.step === step && job!.status === JobStatus.PROCESSING) return;
    expect(job!.status, 'the job ended before the kill').not.toBe(JobStatus.COMPLETED);
  }
}

const pidOf = async (name: string): Promise<number> => (await mesh.process(name)).pid;

/** Objects of the job that the row does not point at. */
async function orphans(job: Job): Promise<string[]> {
  await using store = await openStore(mesh.storageUrl);
  const keys: string[] = [];
  for (const prefix of [`processed/${person.account.userId}/${job.id}/`, `work/${person.account.userId}/${job.id}/`]) {
    for await (const { key } of store.list(prefix)) keys.push(key);
  }
  // A resumed job keeps what its finished steps made: result and mask may come from different attempts.
  const attemptOf = (step: JobStep) => job.steps.find((record) => record.step === step)?.attempt;
  const kept = [`${attemptOf(JobStep.ENHANCING)}.jpg`, `${attemptOf(JobStep.SEGMENTING)}_mask.png`];
  return keys.filter((key) => !(key.startsWith('processed/') && kept.includes(key.split('/').at(-1)!)));
}

interface Kill {
  /** What is killed. */
  readonly victim: string;
  /** In which step. */
  readonly during: JobStep;
  /** Whether the victim holds the step, so that the step or the job must be taken up again. */
  readonly holds: boolean;
  readonly pid: () => Promise<number>;
}

const slotOf = (service: string) => async (): Promise<number> => {
  const [pid] = await childPids(await pidOf(service));
  return pid!;
};
const service = (victim: string, during: JobStep, holds: boolean): Kill => ({
  victim,
  during,
  holds,
  pid: () => pidOf(victim),
});
const kills: Kill[] = [
  service('segmentation', JobStep.SEGMENTING, true),
  service('enhancement', JobStep.ENHANCING, true),
  { victim: 'slot of segmentation', during: JobStep.SEGMENTING, holds: true, pid: slotOf('segmentation') },
  { victim: 'slot of enhancement', during: JobStep.ENHANCING, holds: true, pid: slotOf('enhancement') },
  service('jobs', JobStep.ENHANCING, true),
  service('consent', JobStep.SEGMENTING, false),
  service('identity', JobStep.ENHANCING, false),
  service('gateway', JobStep.ENHANCING, false),
  service('nats', JobStep.SEGMENTING, false),
  service('redis', JobStep.SEGMENTING, false),
  service('postgres', JobStep.ENHANCING, false),
  service('objects', JobStep.ENHANCING, false),
];

describe.each(Array.from({ length: rounds }, (_, i) => i + 1))('round %i', () => {
  test.each(kills)('kill -9 of $victim: the job ends once, with the same bytes, and no orphan stays', async (kill) => {
    const [jobId] = await submit(person, photoId);
    await inside(jobId!, kill.during);
    process.kill(await kill.pid(), 'SIGKILL');
    await expectSameEnd(jobId!, kill.holds);
  });

  test.each([
    { victim: 'fusion', pid: () => pidOf('fusion') },
    { victim: 'slot of fusion', pid: slotOf('fusion') },
  ])('kill -9 of $victim: the artwork is made once, with the same bytes', async ({ pid }) => {
    const undisturbed = await fuse();
    await ended(person, [undisturbed.jobId]);
    const disturbed = await fuse();
    await inside(disturbed.jobId, JobStep.BLENDING);
    process.kill(await pid(), 'SIGKILL');
    const [job] = await ended(person, [disturbed.jobId]);
    expect(job).toMatchObject({ status: JobStatus.COMPLETED, progress: 100 });
    expect(job!.attempt, 'the job was taken up again').toBeGreaterThanOrEqual(2);
    expect(await pictureOf(disturbed.artworkId)).toEqual(await pictureOf(undisturbed.artworkId));
  });

  test('kill -9 of the supervisor: nothing runs on, and the next start resumes the job', async () => {
    const [jobId] = await submit(person, photoId);
    await inside(jobId!, JobStep.ENHANCING);
    const pids = mesh.processes.map((p) => p.pid);
    process.kill(mesh.supervisorPid, 'SIGKILL');
    await until(() => pids.every((pid) => !isAlive(pid)));
    mesh = await mesh.startAgain();
    await expectSameEnd(jobId!, true);
  });
});

/** Starts a fusion of the photo and another one. */
async function fuse(): Promise<{ artworkId: string; jobId: string }> {
  const spec = { case: 'fusion', value: {} } as const;
  const photoIds = [photoId, otherPhotoId];
  const { artwork } = await person.artworks.createArtwork({ requestId: randomUUID(), photoIds, spec });
  return { artworkId: artwork!.id, jobId: artwork!.job!.id };
}

async function pictureOf(artworkId: string): Promise<Buffer> {
  const { artwork } = await person.artworks.getArtwork({ artworkId });
  const answer = await fetch(artwork!.resultUrl);
  expect(answer.status).toBe(200);
  return Buffer.from(await answer.arrayBuffer());
}

async function expectSameEnd(jobId: string, resumed: boolean): Promise<void> {
  const [job] = await ended(person, [jobId]);
  expect(job).toMatchObject({ status: JobStatus.COMPLETED, progress: 100 });
  expect(job!.steps.map((s) => s.step)).toEqual([JobStep.SEGMENTING, JobStep.REMOVING_REFLECTIONS, JobStep.ENHANCING]);
  if (resumed) expect(job!.attempt, 'the job was taken up again').toBeGreaterThanOrEqual(2);
  expect(await resultDigest(job!)).toBe(expected);
  await until(async () => (await orphans(job!)).length === 0);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
