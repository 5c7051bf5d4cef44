import { create } from '@bufbuild/protobuf';
import { JobStatus } from '@irisvue/contracts/irisvue/jobs/v1/job';
import { ObjectRefSchema } from '@irisvue/contracts/irisvue/media/v1/media';
import { newId } from '@irisvue/database';
import { createLogger, ErrorReason, systemClock } from '@irisvue/runtime';
import { sql } from 'kysely';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { blockSubject, SUBJECT_ERASED } from '../src/lineage/block-subject.ts';
import { tidy } from '../src/lineage/keep-tidy.ts';
import { holderOf, subjectDigest } from '../src/lineage/tombstones.ts';
import { toColumn } from '../src/message-column.ts';
import { insertPhoto } from '../src/photo-store.ts';
import { LeaseLost, saveCheckpoint } from '../src/queue-store.ts';
import { composed, erased, processed, refusal, self, storedKeys, subjectData } from './erasure-scene.ts';
import {
  announce,
  ended,
  type Harness,
  isProcessing,
  type Person,
  seen,
  startHarness,
  submit,
  uploaded,
} from './harness.ts';
import type { SeenStep } from './vision-peer.ts';

/** Blocked or withdrawn, work stops within this (CR-07). */
const BOUND_MS = 2_000;

let harness: Harness;
let person: Person;
let other: Person;
beforeAll(async () => {
  harness = await startHarness({ IRISVUE_TIDY_SECONDS: '600' });
});
afterAll(() => harness?.[Symbol.asyncDispose]());
beforeEach(async () => {
  harness.vision.during = () => undefined;
  [person, other] = [await harness.person(), await harness.person()];
});

const block = async (whom: Person) =>
  (await subjectData(harness)).blockSubject({ subject: self(whom), erasureId: newId() });
const erasedReason = { reason: ErrorReason.SUBJECT_ERASED, metadata: {} };

test('after the block nobody stores anything about the subject, and links to it are dead', async () => {
  const [mine, theirs] = [await processed(harness, person), await processed(harness, other)];
  const awaited = await announce(person, Buffer.from('bytes'));
  await harness.store.put(`photos/${person.id}/${awaited.id}`, Buffer.from('bytes'), { contentType: 'image/jpeg' });
  const [job] = (await person.jobs.listJobs({ photoId: mine.id })).jobs;
  const links = async () => (await person.jobs.getJob({ jobId: job!.id })).job!.links!;
  const token = (await links()).originalUrl.split('/').at(-1)!;
  const downloads = await harness.downloads();
  expect((await downloads.resolveDownload({ token })).url).toContain(mine.id);
  await block(person);
  expect(await refusal(downloads.resolveDownload({ token }))).toEqual({
    reason: ErrorReason.LINK_INVALID,
    metadata: { problem: 'deleted' },
  });
  expect(await links()).toMatchObject({ originalUrl: '', resultUrl: '', maskUrl: '' });
  expect(await refusal(uploaded(harness, person))).toEqual(erasedReason);
  expect(await refusal(person.photos.confirmPhoto({ photoId: awaited.id }))).toEqual(erasedReason);
  expect(await refusal(submit(person, mine))).toEqual(erasedReason);
  expect(await refusal(composed(harness, other, [theirs, mine]))).toEqual(erasedReason);
  expect(await refusal(composed(harness, person, [theirs, theirs]))).toEqual(erasedReason);
  const row = await harness.db
    .selectFrom('photos')
    .select('upload_status')
    .where('id', '=', awaited.id)
    .executeTakeFirstOrThrow();
  expect(row.upload_status).toBe('pending');
  // Everybody else goes on.
  expect((await ended(other, ...(await submit(other, theirs))))[0]!.status).toBe(JobStatus.COMPLETED);
});

test('running and waiting jobs of the subject stop within two seconds, those of others do not', async () => {
  const held = Promise.withResolvers<void>();
  const calls: SeenStep[] = [];
  harness.vision.during = (asked) => {
    calls.push(asked);
    return held.promise;
  };
  const [running, waiting] = [await uploaded(harness, person), await uploaded(harness, person)];
  const [job, next] = await submit(person, running, waiting);
  const [theirs] = await submit(other, await uploaded(harness, other));
  await seen(person, job!, isProcessing);
  const startedAt = performance.now();
  const { stoppedJobs } = await block(person);
  expect(stoppedJobs).toBe(2);
  const last = await ended(person, job!, next!);
  await expect
    .poll(() => calls.filter((call) => call.jobId === job!.id).every((call) => call.signal.aborted))
    .toBe(true);
  expect(performance.now() - startedAt).toBeLessThan(BOUND_MS);
  for (const each of last) expect(each).toMatchObject({ status: JobStatus.CANCELLED, errorMessage: SUBJECT_ERASED });
  held.resolve();
  expect((await ended(other, theirs!))[0]!.status).toBe(JobStatus.COMPLETED);
});

test('a checkpoint of a runner that missed the block is not kept', async () => {
  const held = Promise.withResolvers<SeenStep>();
  harness.vision.during = (asked) => {
    held.resolve(asked);
    return new Promise(() => {});
  };
  const [job] = await submit(person, await uploaded(harness, person));
  await held.promise;
  // The block as it is before it has reached the job: the tombstone is there, the lease stands.
  const digest = subjectDigest(holderOf(person.id));
  await harness.db.insertInto('blocked_subjects').values({ subject_sha256: digest, erasure_id: newId() }).execute();
  const row = await harness.db.selectFrom('jobs').selectAll().where('id', '=', job!.id).executeTakeFirstOrThrow();
  const lease = { jobId: row.id, attempt: row.attempt, holder: row.lease_holder! };
  const ref = create(ObjectRefSchema, { key: `processed/${person.id}/${row.id}/1_mask.png`, sha256: 'a'.repeat(64) });
  const outcome = `{"mask":${toColumn(ObjectRefSchema, ref)}}`;
  const checkpoint = { step: 'segmenting', nextStep: 'saving', progress: 40, durationMs: 1, outcome } as const;
  await expect(saveCheckpoint(harness.db, lease, checkpoint)).rejects.toThrow(LeaseLost);
  const kept = await harness.db.selectFrom('artifacts').select('key').where('job_id', '=', row.id).execute();
  expect(kept).toEqual([]);
  await harness.db.deleteFrom('blocked_subjects').where('subject_sha256', '=', digest).execute();
  await saveCheckpoint(harness.db, lease, checkpoint);
  await person.jobs.cancelJob({ requestId: newId(), jobId: row.id });
});

test('the block waits for a writer that was there before it, and the erasure finds what that wrote', async () => {
  const id = newId();
  const [checked, go] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const writing = harness.db.transaction().execute(async (trx) => {
    await insertPhoto(trx, {
      id,
      user_id: other.id,
      ...holderOf(person.id),
      object_key: `photos/${other.id}/${id}`,
      content_type: 'image/jpeg',
      size_bytes: 1,
      sha256: 'a'.repeat(64),
      created_at: new Date(),
    });
    checked.resolve();
    await go.promise;
  });
  await checked.promise;
  let blocked = false;
  const blocking = blockSubject(harness.db, holderOf(person.id), newId()).then(() => {
    blocked = true;
  });
  const waiting = async () =>
    (await sql`SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted`.execute(harness.db)).rows.length;
  await expect.poll(waiting).toBe(1);
  expect(blocked).toBe(false);
  go.resolve();
  await Promise.all([writing, blocking]);
  await erased(harness, self(person));
  expect(await harness.db.selectFrom('photos').select('id').where('id', '=', id).execute()).toEqual([]);
});

test('what is uploaded by a link from before the erasure is found without any trace of whose it was', async () => {
  const photo = await announce(person, Buffer.from('bytes'));
  await erased(harness, self(person));
  await harness.store.put(`photos/${person.id}/${photo.id}`, Buffer.from('bytes'), { contentType: 'image/jpeg' });
  const kept = await uploaded(harness, other);
  const data = await subjectData(harness);
  expect((await data.scanSubject({ subject: self(person) })).findings.map(({ place }) => place)).toEqual([
    'objects:photos/',
    'objects without a row',
  ]);
  const logger = createLogger({ service: 'test', level: 'silent' });
  await tidy({ db: harness.db, store: harness.store, clock: systemClock, logger });
  expect((await data.scanSubject({ subject: self(person) })).findings).toEqual([]);
  expect(await storedKeys(harness)).toContain(`photos/${other.id}/${kept.id}`);
});

test('a tombstone does not tell whose it is', async () => {
  await block(person);
  const { rows } = await sql<{ text: string }>`SELECT blocked_subjects::text AS text FROM blocked_subjects`.execute(
    harness.db,
  );
  expect(rows.length).toBeGreaterThan(0);
  for (const { text } of rows) expect(text).not.toContain(person.id);
});
