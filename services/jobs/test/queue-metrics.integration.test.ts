import { type Database, newId, openDatabase } from '@irisvue/database';
import { createLogger } from '@irisvue/runtime';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { insertJob } from '../src/job-store.ts';
import { insertPhoto } from '../src/photo-store.ts';
import { readQueue } from '../src/queue-metrics.ts';
import { claimJob } from '../src/queue-store.ts';
import type { JobStepName, JobsDatabase } from '../src/schema.ts';
import { testDatabase } from './test-servers.ts';

let server: Awaited<ReturnType<typeof testDatabase>>;
let db: Database<JobsDatabase>;
beforeEach(async () => {
  server = await testDatabase();
  db = openDatabase(server.url, { logger: createLogger({ service: 'test', level: 'silent' }) });
});
afterEach(async () => {
  await db.destroy();
  await server[Symbol.asyncDispose]();
});

/** A job that may be claimed since `waitedMs`; negative: not yet. */
async function job(step: JobStepName, jobClass: number, waitedMs: number): Promise<void> {
  const [userId, photoId] = [newId(), newId()];
  const subject = { subject_id: userId, subject_kind: 'self' } as const;
  await db.transaction().execute(async (trx) => {
    const object = { object_key: `photos/${userId}/${photoId}`, content_type: 'image/jpeg', size_bytes: 1 };
    const photo = {
      id: photoId,
      user_id: userId,
      ...subject,
      ...object,
      sha256: 'a'.repeat(64),
      created_at: new Date(),
    };
    await insertPhoto(trx, photo);
    const row = { user_id: userId, kind: 'process', photo_id: photoId, next_step: step, job_class: jobClass } as const;
    const id = await insertJob(trx, { ...row, priority: 5 }, [subject]);
    const available = new Date(Date.now() - waitedMs);
    await trx.updateTable('jobs').set({ available_at: available }).where('id', '=', id).execute();
  });
}

test('the queue is told by class and step: what waits, for how long, what runs, and zeros for the rest', async () => {
  await job('segmenting', 1, 60_000);
  await job('segmenting', 1, 10_000);
  await job('enhancing', 3, 5_000);
  await job('segmenting', 2, -3_600_000); // its time has not come
  await job('removing_reflections', 2, 1_000);
  await claimJob(db, { holder: 'a runner', leaseMs: 60_000, steps: ['removing_reflections'] });

  const readings = await readQueue(db);
  const value = (name: string, jobClass: string, step: string) =>
    readings.find((r) => r.name === name && r.labels['job_class'] === jobClass && r.labels['step'] === step)!.value;
  expect(value('irisvue_queue_jobs', 'high_priority', 'segmenting')).toBe(2);
  expect(value('irisvue_queue_oldest_seconds', 'high_priority', 'segmenting')).toBeGreaterThanOrEqual(60);
  expect(value('irisvue_queue_jobs', 'background', 'enhancing')).toBe(1);
  expect(value('irisvue_queue_jobs', 'default', 'segmenting')).toBe(0);
  expect(value('irisvue_queue_oldest_seconds', 'default', 'segmenting')).toBe(0);
  expect(value('irisvue_queue_running', 'default', 'removing_reflections')).toBe(1);
  expect(value('irisvue_queue_jobs', 'default', 'removing_reflections')).toBe(0);
  expect(readings).toHaveLength(3 * 3 * 5); // metrics, classes, steps
  expect(readings.find((r) => r.labels['step'] === 'blending')!.labels['service']).toBe('fusion');
});
