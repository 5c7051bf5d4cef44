import { AuditAction } from '@irisvue/contracts/irisvue/privacy/v1/audit';
import type { Database } from '@irisvue/database';
import { recordAudit } from '@irisvue/events';
import type { Clock, Logger } from '@irisvue/runtime';
import { distinctSubjects, subjectMessage } from '../consents.ts';
import type { SubjectRow } from '../job-store.ts';
import { buryPhoto, type PhotoRow } from '../photo-store.ts';
import type { JobsDatabase } from '../schema.ts';
import { createWake } from '../wake.ts';
import { deleteAt } from './delete-at.ts';
import type { RetentionOf } from './retention-of.ts';

/** Photos that one round looks at; the next one goes on. */
const BATCH = 200;
/** A photo's terms are looked at again after this. */
const CHECKED_EVERY_MS = 24 * 3_600_000;
/** What the owner of a job reads whose photo reached its end. */
export const RETENTION_ENDED = 'The retention of this photo has ended';

export interface PurgeOptions {
  readonly db: Database<JobsDatabase>;
  readonly retentionOf: RetentionOf;
  readonly clock: Clock;
  readonly logger: Logger;
}

/**
 * One round of the purge:
 * 1) photos whose terms were not looked at for a day get their `delete_at` anew;
 * 2) photos whose `delete_at` has come are asked about once more, and buried if that holds: what was made of them goes
 *    with them, and the sweep removes the objects.
 *
 * Any number of replicas may purge at the same time: each photo is buried once. While consent cannot be asked nothing
 * is buried. Gives what was done.
 */
export async function purge(o: PurgeOptions): Promise<{ checked: number; purged: number }> {
  const now = o.clock.now();
  const checked = await unchecked(o.db, now);
  await refresh(o, checked, now);
  let purged = 0;
  for (const photo of await refresh(o, await due(o.db, now), now)) {
    if (await bury(o.db, photo, now)) purged += 1;
  }
  return { checked: checked.length, purged };
}

/** Purges every `everyMs` until `signal` aborts. */
export async function keepPurging(
  o: PurgeOptions & { readonly everyMs: number; readonly onPurged: () => void; readonly signal: AbortSignal },
): Promise<void> {
  const never = createWake();
  while (!o.signal.aborted) {
    try {
      const done = await purge(o);
      if (done.purged > 0) {
        o.logger.info(done, 'purged');
        o.onPurged();
      }
      // More is waiting than one round looks at.
      if (done.checked === BATCH || done.purged === BATCH) continue;
    } catch (error) {
      o.logger.warn({ err: error }, 'the purge broke off; the next round goes on');
    }
    await never.wait(o.everyMs, o.signal);
  }
}

function unchecked(db: Database<JobsDatabase>, now: Date): Promise<PhotoRow[]> {
  const before = new Date(now.getTime() - CHECKED_EVERY_MS);
  return db
    .selectFrom('photos')
    .selectAll()
    .where('deleted_at', 'is', null)
    .where((either) => either.or([either('term_checked_at', 'is', null), either('term_checked_at', '<=', before)]))
    .orderBy('term_checked_at', (order) => order.asc().nullsFirst())
    .limit(BATCH)
    .execute();
}

function due(db: Database<JobsDatabase>, now: Date): Promise<PhotoRow[]> {
  return db
    .selectFrom('photos')
    .selectAll()
    .where('deleted_at', 'is', null)
    .where('delete_at', '<=', now)
    .orderBy('delete_at')
    .limit(BATCH)
    .execute();
}

/** Computes `delete_at` from the terms of now; gives the photos whose time has come. */
async function refresh(o: PurgeOptions, photos: readonly PhotoRow[], now: Date): Promise<PhotoRow[]> {
  if (photos.length === 0) return [];
  const subjects = distinctSubjects(photos);
  const told = await o.retentionOf(subjects);
  const terms = new Map(subjects.map((subject, index) => [nameOf(subject), told[index]!]));
  const interactions = await interactionsOf(o.db, photos.map(interactingUser));
  const ended: PhotoRow[] = [];
  for (const photo of photos) {
    const end = deleteAt(photo, interactions.get(interactingUser(photo)), terms.get(nameOf(photo))!) ?? null;
    await o.db
      .updateTable('photos')
      .set({ delete_at: end, term_checked_at: now })
      .where('id', '=', photo.id)
      .where('deleted_at', 'is', null)
      .execute();
    if (end !== null && end <= now) ended.push(photo);
  }
  return ended;
}

function nameOf(subject: SubjectRow): string {
  return `${subject.subject_kind} ${subject.subject_id}`;
}

/** Whose interactions count: the holder's own, or for a subject without an account those of whoever uploaded. */
function interactingUser(photo: PhotoRow): string {
  return photo.subject_kind === 'self' ? photo.subject_id : photo.user_id;
}

async function interactionsOf(db: Database<JobsDatabase>, userIds: readonly string[]): Promise<Map<string, Date>> {
  const rows = await db.selectFrom('interactions').selectAll().where('user_id', 'in', userIds).execute();
  return new Map(rows.map((row) => [row.user_id, row.last_at]));
}

/** Buries a photo unless another replica does, or has. */
async function bury(db: Database<JobsDatabase>, photo: PhotoRow, now: Date): Promise<boolean> {
  return await db.transaction().execute(async (trx) => {
    const locked = await trx
      .selectFrom('photos')
      .select('id')
      .where('id', '=', photo.id)
      .where('deleted_at', 'is', null)
      .where('delete_at', '<=', now)
      .forUpdate()
      .skipLocked()
      .executeTakeFirst();
    if (locked === undefined) return false;
    const subjects = [subjectMessage(photo)];
    const resources = { photo: photo.id };
    await recordAudit(trx, {
      service: 'jobs',
      action: AuditAction.PHOTO_PURGED,
      byService: 'jobs',
      subjects,
      resources,
      time: now,
    });
    return await buryPhoto(trx, photo.id, { reason: RETENTION_ENDED });
  });
}
