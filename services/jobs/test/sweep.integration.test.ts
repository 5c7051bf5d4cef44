import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { newId } from '@irisvue/database';
import { createLogger } from '@irisvue/runtime';
import { resultKey, workKey } from '@irisvue/storage';
import { sql } from 'kysely';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { sweep } from '../src/runner/sweep.ts';
import { jobsToSweep, markSwept } from '../src/sweep-store.ts';
import { collected, self, subjectData } from './erasure-scene.ts';
import { ended, type Harness, madeObjects, type Person, startHarness, submit, uploaded } from './harness.ts';

const LATE_WRITER_MS = 60_000;

let harness: Harness;
let person: Person;
beforeAll(async () => {
  // Its own sweep comes once at the start and when something ended; the tests do the rest by hand.
  harness = await startHarness({ IRISVUE_SWEEP_SECONDS: '600', IRISVUE_LATE_WRITER_SECONDS: '60' });
});
afterAll(() => harness?.[Symbol.asyncDispose]());
beforeEach(async () => {
  person = await harness.person();
});

const sweepNow = () =>
  sweep({
    db: harness.db,
    store: harness.store,
    clock: { now: () => new Date() },
    uploadWaitMs: 86_400_000,
    lateWriterMs: LATE_WRITER_MS,
    logger: createLogger({ service: 'test', level: 'silent' }),
  });
const objectsOf = async (jobId: string) => (await madeObjects(harness.store)).filter((key) => key.includes(jobId));
const put = (key: string) => harness.store.put(key, Readable.from([Buffer.from('late')]), { contentType: 'image/png' });

async function sweptJob() {
  const [job] = await ended(person, ...(await submit(person, await uploaded(harness, person))));
  const row = () => harness.db.selectFrom('jobs').selectAll().where('id', '=', job!.id).executeTakeFirstOrThrow();
  await expect.poll(async () => (await row()).sweeps).toBe(1);
  return { job: job!, row };
}

test('what a late writer leaves after the first sweep is found by the second, and there is no third', async () => {
  const { job, row } = await sweptJob();
  const kept = await objectsOf(job.id);
  expect(kept).toHaveLength(2);
  await put(resultKey(person.id, job.id, 7));
  await put(workKey(person.id, job.id, 7, 'crop.png'));
  await sweepNow();
  expect(await objectsOf(job.id)).toHaveLength(4);
  expect((await row()).sweep_at!.getTime()).toBeGreaterThan(Date.now() + LATE_WRITER_MS / 2);
  await harness.db.updateTable('jobs').set({ sweep_at: sql`now()` }).where('id', '=', job.id).execute();
  await sweepNow();
  expect(await objectsOf(job.id)).toEqual(kept);
  expect(await row()).toMatchObject({ sweeps: 2, sweep_at: null });
});

test('a job that is buried while it is swept stays due', async () => {
  const { job, row } = await sweptJob();
  await harness.db.updateTable('jobs').set({ sweep_at: sql`now()` }).where('id', '=', job.id).execute();
  const [begun] = (await jobsToSweep(harness.db)).filter(({ id }) => id === job.id);
  await person.photos.deletePhoto({ requestId: newId(), photoId: job.photoId });
  await expect.poll(() => objectsOf(job.id)).toEqual([]);
  // Swept once since it was buried, and due again.
  await expect.poll(async () => (await row()).sweeps).toBe(1);
  const buried = await row();
  await markSwept(harness.db, 'jobs', begun!, LATE_WRITER_MS);
  expect(await row()).toMatchObject({ sweeps: buried.sweeps, sweep_at: buried.sweep_at });
});

test('what belongs to somebody who is being erased is left to the erasure, whose certificate lists it', async () => {
  const { job } = await sweptJob();
  const late = workKey(person.id, job.id, 7, 'crop.png');
  await put(late);
  await harness.db.updateTable('jobs').set({ sweep_at: sql`now()` }).where('id', '=', job.id).execute();
  const data = await subjectData(harness);
  const erasureId = newId();
  await data.blockSubject({ subject: self(person), erasureId });
  await sweepNow();
  expect(await objectsOf(job.id)).toContain(late);
  const { objects } = await collected(data.eraseSubject({ subject: self(person), erasureId }));
  expect(objects.map((object) => object.sha256)).toContain(createHash('sha256').update('late').digest('hex'));
  expect(await objectsOf(job.id)).toEqual([]);
});
