import type { Database } from '@irisvue/database';
import { type ObjectStore, resultsPrefix, workPrefix } from '@irisvue/storage';
import type { Transaction } from 'kysely';
import type { JobsDatabase } from '../schema.ts';
import { adoptKeys, adoptObjects, type Belonging, keysOf } from './adopt-objects.ts';
import { type ErasedObjectRow, type JointWorkRow, logErased } from './erasure-log.ts';

/** What an erasure works with. */
export interface Eraser {
  readonly db: Database<JobsDatabase>;
  readonly store: ObjectStore;
  /** The erasure whose log it writes. */
  readonly erasureId: string;
}

/** What one part of an erasure has erased. */
export interface Erased {
  readonly objects: readonly ErasedObjectRow[];
  readonly rows: number;
  readonly jointWorks: readonly JointWorkRow[];
}

/**
 * Deletes the objects of a photo, a job or an artwork from the store, and moves their rows to the log. In the
 * transaction that removes the rows of the thing itself: a crash between the two leaves those rows and the hashes in
 * them, and a second run deletes again what is gone already, which is harmless.
 */
export async function eraseObjects(
  trx: Transaction<JobsDatabase>,
  o: Eraser,
  belonging: Belonging,
): Promise<ErasedObjectRow[]> {
  const keys = await keysOf(trx, belonging);
  for (const key of keys) await o.store.delete(key);
  return await logErased(trx, o.erasureId, keys);
}

/** Removes jobs with their steps and subjects; their objects are gone. Gives how many rows. */
export async function removeJobs(trx: Transaction<JobsDatabase>, ids: readonly string[]): Promise<number> {
  if (ids.length === 0) return 0;
  const steps = await trx.deleteFrom('job_steps').where('job_id', 'in', ids).executeTakeFirst();
  const subjects = await trx.deleteFrom('job_subjects').where('job_id', 'in', ids).executeTakeFirst();
  const jobs = await trx.deleteFrom('jobs').where('id', 'in', ids).executeTakeFirst();
  return Number(steps.numDeletedRows + subjects.numDeletedRows + jobs.numDeletedRows);
}

/** Erases a job that processes a photo: results, masks, what lies between two steps, rows. */
export async function eraseJob(o: Eraser, jobId: string): Promise<Erased> {
  const job = await o.db.selectFrom('jobs').select('user_id').where('id', '=', jobId).executeTakeFirst();
  if (job === undefined) return NOTHING;
  const belonging = { job_id: jobId };
  await adoptObjects(o, belonging, [resultsPrefix(job.user_id, jobId), workPrefix(job.user_id, jobId)]);
  return await o.db.transaction().execute(async (trx) => {
    await trx.selectFrom('jobs').select('id').where('id', '=', jobId).forUpdate().execute();
    const objects = await eraseObjects(trx, o, belonging);
    return { objects, rows: await removeJobs(trx, [jobId]), jointWorks: [] };
  });
}

/** Erases a photo that no job and no artwork needs any more. */
export async function erasePhoto(o: Eraser, photoId: string): Promise<Erased> {
  const photo = await o.db.selectFrom('photos').select('object_key').where('id', '=', photoId).executeTakeFirst();
  if (photo === undefined) return NOTHING;
  const belonging = { photo_id: photoId };
  await adoptKeys(o, belonging, [photo.object_key]);
  return await o.db.transaction().execute(async (trx) => {
    await trx.selectFrom('photos').select('id').where('id', '=', photoId).forUpdate().execute();
    const objects = await eraseObjects(trx, o, belonging);
    const photos = await trx.deleteFrom('photos').where('id', '=', photoId).executeTakeFirst();
    return { objects, rows: Number(photos.numDeletedRows), jointWorks: [] };
  });
}

/** Nothing was left to erase. */
export const NOTHING: Erased = { objects: [], rows: 0, jointWorks: [] };
