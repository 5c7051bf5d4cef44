import { type Database, forgetRequests } from '@irisvue/database';
import type { Clock, Logger } from '@irisvue/runtime';
import { artworkPrefix, type ObjectStore, resultsPrefix, workPrefix } from '@irisvue/storage';
import { markErased } from '../lineage/artifact-store.ts';
import { awaitedPhotos, buryPhoto } from '../photo-store.ts';
import { releaseExpiredLeases } from '../queue-store.ts';
import type { JobsDatabase } from '../schema.ts';
import { type JobToSweep, jobsToSweep, markSwept, photosToSweep } from '../sweep-store.ts';
import type { Wake } from '../wake.ts';

/** A repeat of a request is known for this long; clients give up much earlier. */
const REQUESTS_KEPT_MS = 7 * 24 * 3_600_000;

export interface SweepOptions {
  readonly db: Database<JobsDatabase>;
  readonly store: ObjectStore;
  readonly clock: Clock;
  /** An announced photo whose bytes have not come by then is removed. */
  readonly uploadWaitMs: number;
  /** When the second sweep of a job's objects follows the first. */
  readonly lateWriterMs: number;
  readonly logger: Logger;
}

/**
 * One sweep:
 * 1) jobs whose runner crashed go back to the queue;
 * 2) photos whose bytes never arrived are buried;
 * 3) objects that no row points at are deleted: of ended jobs (other attempts, work/), of buried photos and artworks;
 * 4) requests that nobody repeats any more are forgotten.
 *
 * Any number of replicas may sweep at the same time: each part is harmless when done twice. Gives what was done.
 */
export async function sweep(o: SweepOptions): Promise<{ released: number; buried: number; objects: number }> {
  const released = await releaseExpiredLeases(o.db);
  const buried = await buryAwaited(o);
  let objects = 0;
  for (const job of await jobsToSweep(o.db)) {
    objects += await sweepJob(o, job);
    await markSwept(o.db, 'jobs', job, o.lateWriterMs);
  }
  for (const photo of await photosToSweep(o.db)) {
    await o.store.delete(photo.object_key);
    await markErased(o.db, photo.object_key);
    objects += 1;
    await markSwept(o.db, 'photos', photo, o.lateWriterMs);
  }
  await forgetRequests(o.db, new Date(o.clock.now().getTime() - REQUESTS_KEPT_MS));
  return { released, buried, objects };
}

/** Sweeps until `signal` aborts: every `everyMs`, and at once when `wake` rings. */
export async function keepSweeping(
  o: SweepOptions & {
    readonly everyMs: number;
    readonly wake: Wake;
    readonly onReleased: () => void;
    readonly signal: AbortSignal;
  },
): Promise<void> {
  while (!o.signal.aborted) {
    try {
      const done = await sweep(o);
      if (done.released > 0) o.onReleased();
      if (done.released + done.buried + done.objects > 0) o.logger.info(done, 'swept');
    } catch (error) {
      o.logger.warn({ err: error }, 'the sweep broke off; the next one goes on');
    }
    await o.wake.wait(o.everyMs, o.signal);
  }
}

async function buryAwaited(o: SweepOptions): Promise<number> {
  const before = new Date(o.clock.now().getTime() - o.uploadWaitMs);
  let buried = 0;
  for (const id of await awaitedPhotos(o.db, before)) {
    const done = await o.db.transaction().execute((trx) => buryPhoto(trx, id, { awaitedOnly: true }));
    if (done) buried += 1;
  }
  return buried;
}

async function sweepJob({ db, store }: SweepOptions, job: JobToSweep): Promise<number> {
  const prefixes = [workPrefix(job.userId, job.id), resultsPrefix(job.userId, job.id)];
  if (job.artworkId !== null) prefixes.push(artworkPrefix(job.artworkId));
  let deleted = 0;
  for (const prefix of prefixes) {
    for await (const { key } of store.list(prefix)) {
      if (job.keep.includes(key)) continue;
      await store.delete(key);
      await markErased(db, key);
      deleted += 1;
    }
  }
  return deleted;
}
