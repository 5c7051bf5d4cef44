import { setTimeout as delay } from 'node:timers/promises';
import { photosPrefix, userResultsPrefix, userWorkPrefix } from '@irisvue/storage';
import { sql } from 'kysely';
import type { SubjectRow } from '../job-store.ts';
import { adoptObjects } from './adopt-objects.ts';
import { eraseArtwork } from './erase-artwork.ts';
import { type Erased, type Eraser, eraseJob, erasePhoto, NOTHING } from './erase-unit.ts';
import { erasedObjects, forgetInLogs, jointWorks, logErased } from './erasure-log.ts';
import { hasOwnId } from './scan-subject.ts';
import { holderId, type Scope, scopeOf } from './scope.ts';
import { requireBlocked } from './tombstones.ts';

/** How long an erasure waits for its last events to be published, and how often it looks. */
const PUBLISHED_WITHIN_MS = 10_000;
const PUBLISHED_POLL_MS = 100;

/** What was erased since the message before, and how far the erasure is, 0 to 100. */
export interface ErasureProgress extends Erased {
  readonly progress: number;
}

/**
 * Erases a blocked subject, artwork by artwork, job by job, photo by photo: of each first the objects, then the rows, in
 * an order in which nothing points at what is gone. First it tells what an earlier run for the same erasure erased; then
 * it goes on where that one ended, however it ended. Two runs at once share the work. Throws SUBJECT_NOT_BLOCKED.
 */
export async function* eraseSubject(
  o: Eraser,
  subject: SubjectRow,
  signal: AbortSignal,
): AsyncGenerator<ErasureProgress> {
  await requireBlocked(o.db, subject);
  for await (const objects of erasedObjects(o.db, o.erasureId)) yield { ...NOTHING, objects, progress: 0 };
  yield { ...NOTHING, jointWorks: await jointWorks(o.db, o.erasureId), progress: 0 };

  const parts = partsOf(o, subject, await scopeOf(o.db, subject), signal);
  for (const [index, erase] of parts.entries()) {
    signal.throwIfAborted();
    yield { ...(await erase()), progress: Math.floor((index * 100) / parts.length) };
  }
  yield { ...NOTHING, progress: 100 };
}

function partsOf(o: Eraser, subject: SubjectRow, scope: Scope, signal: AbortSignal): Array<() => Promise<Erased>> {
  const userId = holderId(subject);
  return [
    ...scope.artworkIds.map((id) => () => eraseArtwork(o, subject, id)),
    ...scope.jobIds.map((id) => () => eraseJob(o, id)),
    ...scope.photoIds.map((id) => () => erasePhoto(o, id)),
    ...(userId === undefined ? [] : [() => eraseStray(o, userId), () => eraseAccount(o, userId)]),
    ...(hasOwnId(subject) ? [() => untilPublished(o, subject.subject_id, signal)] : []),
  ];
}

/** Objects in the user's folders that belong to no row: a writer stored them after its row was gone. */
async function eraseStray(o: Eraser, userId: string): Promise<Erased> {
  const keys = await adoptObjects(o, {}, [photosPrefix(userId), userResultsPrefix(userId), userWorkPrefix(userId)]);
  return await o.db.transaction().execute(async (trx) => {
    for (const key of keys) await o.store.delete(key);
    return { ...NOTHING, objects: await logErased(trx, o.erasureId, keys) };
  });
}

/** What is kept of a user beside photos, jobs and artworks. */
async function eraseAccount({ db }: Eraser, userId: string): Promise<Erased> {
  const turns = await db.deleteFrom('turns').where('user_id', '=', userId).executeTakeFirst();
  const interactions = await db.deleteFrom('interactions').where('user_id', '=', userId).executeTakeFirst();
  const requests = await sql`DELETE FROM requests WHERE user_id = ${userId}`.execute(db);
  const notices = await db.deleteFrom('joint_notices').where('user_id', '=', userId).executeTakeFirst();
  const rows = [turns.numDeletedRows, interactions.numDeletedRows, requests.numAffectedRows, notices.numDeletedRows];
  return {
    ...NOTHING,
    rows: rows.reduce<number>((sum, count) => sum + Number(count ?? 0), await forgetInLogs(db, userId)),
  };
}

/**
 * Waits until the stream has the last events that name the subject: the audit log is to read them before they are
 * purged there. Gives up after a while; a scan then finds them here, and the erasure is carried on later.
 */
async function untilPublished({ db }: Eraser, id: string, signal: AbortSignal): Promise<Erased> {
  const waiting = sql`SELECT 1 FROM outbox WHERE position(convert_to(${id}, 'UTF8') in body) > 0 LIMIT 1`;
  for (let waitedMs = 0; waitedMs < PUBLISHED_WITHIN_MS; waitedMs += PUBLISHED_POLL_MS) {
    if ((await waiting.execute(db)).rows.length === 0) break;
    await delay(PUBLISHED_POLL_MS, undefined, { signal });
  }
  return NOTHING;
}
