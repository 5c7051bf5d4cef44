import { type Job, JobStatus } from '@irisvue/contracts/irisvue/jobs/v1/job';
import { newId } from '@irisvue/database';
import { ErrorReason, errorDetail } from '@irisvue/runtime';
import { sql } from 'kysely';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { cancelJobs } from '../src/change-job.ts';
import { ended, type Harness, type Person, startHarness, submit, uploaded } from './harness.ts';

const MINUTE_MS = 60_000;

let harness: Harness;
let person: Person;
let now = new Date();
beforeAll(async () => {
  const settings = { IRISVUE_RUNNER_JOBS: '0', IRISVUE_WATCH_POLL_SECONDS: '0.1' };
  harness = await startHarness(settings, { clock: { now: () => now } });
});
afterAll(() => harness?.[Symbol.asyncDispose]());
beforeEach(async () => {
  person = await harness.person();
});

const submitted = async () => (await submit(person, await uploaded(harness, person)))[0]!;

/** Reads `count` snapshots, then leaves. */
async function take(watch: AsyncIterable<{ job?: Job }>, count: number): Promise<Job[]> {
  const jobs: Job[] = [];
  if (count === 0) return jobs;
  for await (const { job } of watch) if (jobs.push(job!) === count) break;
  return jobs;
}

const cancel = (job: Job) => harness.db.transaction().execute((trx) => cancelJobs(trx, [job.id]));

const setProgress = (jobId: string, progress: number) =>
  harness.db.updateTable('jobs').set({ progress }).where('id', '=', jobId).execute();

describe('a watch', () => {
  test('shows first what has not ended, then each change; ended jobs and other people’s are not shown', async () => {
    const over = await submitted();
    await cancel(over);
    const open = await submitted();
    await submit(await harness.person(), await uploaded(harness, person)).catch(() => undefined);
    const watch = person.jobs.watchJobs({})[Symbol.asyncIterator]();
    const first = await watch.next();
    expect(first.value.job).toMatchObject({ id: open.id, status: JobStatus.PENDING });
    const second = watch.next();
    const fresh = await submitted();
    expect((await second).value.job).toMatchObject({ id: fresh.id });
    await watch.return?.();
  });

  test('of named jobs ends with their last states, also when they had ended before', async () => {
    const job = await submitted();
    const watching = ended(person, job);
    await cancel(job);
    expect((await watching)[0]).toMatchObject({ id: job.id, status: JobStatus.CANCELLED });
    expect((await ended(person, job))[0]).toMatchObject({ id: job.id, status: JobStatus.CANCELLED });
  });

  test('resumes behind the revision that was seen last, with what changed meanwhile, once', async () => {
    const [a, b] = [await submitted(), await submitted()];
    const seen = await take(person.jobs.watchJobs({}), 2);
    const last = seen.at(-1)!.revision;
    await setProgress(a.id, 10);
    await setProgress(a.id, 20);
    const resumed = await take(person.jobs.watchJobs({ afterRevision: last }), 1);
    expect(resumed).toMatchObject([{ id: a.id, progress: 20 }]);
    await cancel(a);
    await cancel(b);
    const rest = person.jobs.watchJobs({ afterRevision: last, jobIds: [a.id, b.id] });
    const states = await Array.fromAsync(rest, ({ job }) => [job!.id, job!.status]);
    expect(states).toEqual([
      [a.id, JobStatus.CANCELLED],
      [b.id, JobStatus.CANCELLED],
    ]);
  });

  test('of a job that does not exist is refused', async () => {
    const error = await ended(person, { ...(await submitted()), id: newId() }).catch((thrown: unknown) => thrown);
    expect(errorDetail(error)?.reason).toBe(ErrorReason.NOT_FOUND);
  });

  test('sees a change within its poll when the signal is lost', async () => {
    const job = await submitted();
    const watching = ended(person, job);
    // The trigger that notifies is bypassed; the revision moves as it would.
    await harness.db.transaction().execute(async (trx) => {
      await sql`SET LOCAL session_replication_role = replica`.execute(trx);
      await sql`UPDATE jobs SET status = 'cancelled', revision = nextval('job_revisions') WHERE id = ${job.id}`.execute(
        trx,
      );
    });
    expect((await watching)[0]!.status).toBe(JobStatus.CANCELLED);
  });
});

describe('revisions', () => {
  test('become visible in their order: one that is drawn first is not committed last', async () => {
    const [a, b] = [await submitted(), await submitted()];
    const begun = Promise.withResolvers<void>();
    const finish = Promise.withResolvers<void>();
    const slow = harness.db.transaction().execute(async (trx) => {
      await trx.updateTable('jobs').set({ progress: 1 }).where('id', '=', a.id).execute();
      begun.resolve();
      await finish.promise;
    });
    await begun.promise;
    let quickDone = false;
    const quick = setProgress(b.id, 1).then(() => {
      quickDone = true;
    });
    // The second writer waits for the first: what a reader sees now lacks both, never only the first.
    await expect
      .poll(async () => {
        const waiting = await sql<{ waiting: number }>`
          SELECT count(*)::int AS waiting FROM pg_locks WHERE locktype = 'advisory' AND NOT granted`.execute(
          harness.db,
        );
        return waiting.rows[0]!.waiting;
      })
      .toBeGreaterThan(0);
    expect(quickDone).toBe(false);
    finish.resolve();
    await Promise.all([slow, quick]);
    const rows = await harness.db
      .selectFrom('jobs')
      .select(['id', 'revision'])
      .where('id', 'in', [a.id, b.id])
      .execute();
    const revisions = new Map(rows.map(({ id, revision }) => [id, revision]));
    expect(revisions.get(a.id)).toBeLessThan(revisions.get(b.id)!);
  });

  test('miss nothing while many write and the reader reconnects again and again', async () => {
    const photo = await uploaded(harness, person);
    const jobs = await Promise.all(Array.from({ length: 6 }, async () => (await submit(person, photo))[0]!));
    const writing = Promise.all(
      jobs.map(async (job) => {
        for (let progress = 1; progress <= 15; progress += 1) await setProgress(job.id, progress);
        await cancel(job);
      }),
    );
    const jobIds = jobs.map(({ id }) => id);
    const last = new Map<string, Job>();
    const revisions: bigint[] = [];
    let afterRevision = 0n;
    while ([...last.values()].filter(({ status }) => status === JobStatus.CANCELLED).length < jobs.length) {
      // Three snapshots, then the connection is dropped.
      for (const job of await take(person.jobs.watchJobs({ afterRevision, jobIds }), 3)) {
        expect(job.progress).toBeGreaterThanOrEqual(last.get(job.id)?.progress ?? 0);
        last.set(job.id, job);
        if (afterRevision > 0n) revisions.push(job.revision);
        afterRevision = job.revision > afterRevision ? job.revision : afterRevision;
      }
    }
    await writing;
    expect(revisions).toEqual(revisions.toSorted((x, y) => Number(x - y)));
    expect([...last.values()].map(({ progress }) => progress)).toEqual(jobs.map(() => 15));
  });
});

test('a watch outlives its access token while the session stands, and ends with that', async () => {
  const brief = await harness.person({ lifetimeMs: 30 * MINUTE_MS });
  const [job] = await submit(brief, await uploaded(harness, brief));
  const watch = brief.jobs.watchJobs({})[Symbol.asyncIterator]();
  expect((await watch.next()).value.job).toMatchObject({ id: job!.id });
  const checksBefore = harness.identity.sessionChecks();
  now = new Date(now.getTime() + 31 * MINUTE_MS);
  await expect.poll(() => harness.identity.sessionChecks()).toBe(checksBefore + 1);
  const next = watch.next();
  await setProgress(job!.id, 7);
  expect((await next).value.job).toMatchObject({ progress: 7 });
  harness.identity.endSession(brief.sessionId);
  now = new Date(now.getTime() + 6 * MINUTE_MS);
  const error = await watch.next().catch((thrown: unknown) => thrown);
  expect(errorDetail(error)?.reason).toBe(ErrorReason.TOKEN_INVALID);
});
