import { type Database, newId, openDatabase } from '@irisvue/database';
import { countPendingEvents } from '@irisvue/events';
import { createLogger } from '@irisvue/runtime';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { insertJob } from '../src/job-store.ts';
import { insertPhoto } from '../src/photo-store.ts';
import { changeLeasedJob, claimJob, releaseExpiredLeases, renewLeases, saveCheckpoint } from '../src/queue-store.ts';
import type { JobStepName, JobsDatabase } from '../src/schema.ts';
import { testDatabase } from './test-servers.ts';

const ALL_STEPS: readonly JobStepName[] = ['segmenting', 'removing_reflections', 'enhancing', 'blending', 'saving'];
const LEASE_MS = 60_000;

let server: Awaited<ReturnType<typeof testDatabase>>;
let db: Database<JobsDatabase>;
beforeEach(async () => {
  server = await testDatabase();
  db = openDatabase(server.url, { logger: createLogger({ service: 'test', level: 'silent' }), poolSize: 20 });
});
afterEach(async () => {
  await db.destroy();
  await server[Symbol.asyncDispose]();
});

/** Submits a job; gives its id. */
async function job(
  userId: string,
  o: { priority?: number; jobClass?: number; step?: JobStepName } = {},
): Promise<string> {
  const photoId = newId();
  const subject = { subject_id: userId, subject_kind: 'self' } as const;
  return await db.transaction().execute(async (trx) => {
    await insertPhoto(trx, {
      id: photoId,
      user_id: userId,
      ...subject,
      object_key: `photos/${userId}/${photoId}`,
      content_type: 'image/jpeg',
      size_bytes: 1,
      sha256: 'a'.repeat(64),
      created_at: new Date(),
    });
    return await insertJob(
      trx,
      {
        user_id: userId,
        kind: 'process',
        photo_id: photoId,
        next_step: o.step ?? 'segmenting',
        job_class: o.jobClass ?? 1,
        priority: o.priority ?? 9,
      },
      [subject],
    );
  });
}

const claim = (holder = 'runner', steps = ALL_STEPS) => claimJob(db, { holder, leaseMs: LEASE_MS, steps });
async function claimAll(): Promise<string[]> {
  const ids: string[] = [];
  for (let next = await claim(); next !== undefined; next = await claim()) ids.push(next.id);
  return ids;
}
const complete = (of: { id: string; attempt: number }) =>
  changeLeasedJob(db, { jobId: of.id, attempt: of.attempt, holder: 'runner' }, { type: 'completed' });

describe('a claim', () => {
  test('takes the class first, then the priority, then age', async () => {
    const user = newId();
    const background = await job(user, { jobClass: 3, priority: 9 });
    const late = await job(user, { priority: 4 });
    const later = await job(user, { priority: 4 });
    const normal = await job(user, { jobClass: 2, priority: 9 });
    const urgent = await job(user, { priority: 5 });
    expect(await claimAll()).toEqual([urgent, late, later, normal, background]);
  });

  test('takes only jobs whose next step has a slot', async () => {
    const user = newId();
    const first = await job(user, { step: 'segmenting' });
    const second = await job(user, { step: 'enhancing' });
    expect((await claim('runner', ['enhancing', 'saving']))?.id).toBe(second);
    expect(await claim('runner', ['enhancing', 'saving'])).toBeUndefined();
    expect(await claim('runner', [])).toBeUndefined();
    expect((await claim('runner', ['segmenting']))?.id).toBe(first);
  });

  test('counts the attempt up and leaves a lease', async () => {
    await job(newId());
    expect(await claim('me')).toMatchObject({ status: 'processing', attempt: 1, lease_holder: 'me' });
  });

  test('is fair: whoever has the fewest running comes first', async () => {
    const [hungry, modest] = [newId(), newId()];
    const many = [await job(hungry), await job(hungry), await job(hungry)];
    const one = await job(modest);
    expect(await claimAll()).toEqual([many[0], one, many[1], many[2]]);
  });

  test('is fair: of those with equally many, whoever was not served for longest', async () => {
    const [a, b, c] = [newId(), newId(), newId()];
    const [a1, a2] = [await job(a), await job(a)];
    const [b1, b2] = [await job(b), await job(b)];
    const c1 = await job(c);
    const order: string[] = [];
    // One slot: a job ends before the next is claimed, so that nobody ever has one running.
    for (let next = await claim(); next !== undefined; next = await claim()) {
      order.push(next.id);
      await complete(next);
    }
    expect(order).toEqual([a1, b1, c1, a2, b2]);
  });

  test('of many runners at once gives every job to one of them', async () => {
    const users = [newId(), newId(), newId()];
    const ids = await Promise.all(Array.from({ length: 24 }, (_, index) => job(users[index % 3]!)));
    const claimed = await Promise.all(
      ['r1', 'r2', 'r3', 'r4'].map(async (holder) => {
        const mine: string[] = [];
        for (let next = await claim(holder); next !== undefined; next = await claim(holder)) mine.push(next.id);
        return mine;
      }),
    );
    expect(claimed.flat().sort()).toEqual(ids.toSorted());
  });
});

test('a checkpoint whose commit was not heard of is written again without harm', async () => {
  const id = await job(newId());
  const { attempt } = (await claim('me'))!;
  const lease = { jobId: id, attempt, holder: 'me' };
  const before = await countPendingEvents(db);
  const done = { step: 'segmenting', nextStep: 'enhancing', progress: 40, durationMs: 1, outcome: '{}' } as const;
  await saveCheckpoint(db, lease, done);
  await saveCheckpoint(db, lease, done);
  const row = await db.selectFrom('jobs').selectAll().where('id', '=', id).executeTakeFirstOrThrow();
  expect(row).toMatchObject({ status: 'processing', next_step: 'enhancing', progress: 40 });
  expect(await countPendingEvents(db)).toBe(before + 1);
});

describe('a lease', () => {
  test('is renewed by its holder only, and only for the jobs it names', async () => {
    const [a, b] = [await job(newId()), await job(newId())];
    await claim('me');
    await claim('me');
    const renew = (holder: string, ids: string[]) => renewLeases(db, { holder, leaseMs: LEASE_MS, ids });
    expect(await renew('me', [a])).toEqual([{ id: a, attempt: 1 }]);
    expect(await renew('you', [a, b])).toEqual([]);
  });

  test('that has expired frees the job; one that stands does not', async () => {
    const id = await job(newId());
    await claimJob(db, { holder: 'dead', leaseMs: -1, steps: ALL_STEPS });
    expect(await releaseExpiredLeases(db)).toBe(1);
    expect(await releaseExpiredLeases(db)).toBe(0);
    const row = await db.selectFrom('jobs').selectAll().where('id', '=', id).executeTakeFirstOrThrow();
    expect(row).toMatchObject({ status: 'pending', crashes: 1, attempt: 1, lease_holder: null });
  });
});
