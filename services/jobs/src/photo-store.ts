import type { Database, Page } from '@irisvue/database';
import { type ExpressionBuilder, type Insertable, type Selectable, sql, type Transaction } from 'kysely';
import { auditPhotoDeleted, auditPhotoStored } from './audited.ts';
import { changeJob } from './change-job.ts';
import { withdrawIrises } from './joint/withdraw-irises.ts';
import { recordPhoto } from './lineage/step-artifacts.ts';
import { holderOf, requireUnblocked } from './lineage/tombstones.ts';
import type { JobsDatabase, PhotoTable, SubjectKindName } from './schema.ts';

export type PhotoRow = Selectable<PhotoTable>;

/** Announces a photo. Throws SUBJECT_ERASED when its subject, or its owner, is erased. */
export async function insertPhoto(trx: Transaction<JobsDatabase>, photo: Insertable<PhotoTable>): Promise<void> {
  await requireUnblocked(trx, [photo, holderOf(photo.user_id)]);
  await trx.insertInto('photos').values(photo).execute();
}

/** One photo of `userId`; undefined when there is none, it is deleted, or it is somebody else's. */
export async function findPhoto(db: Database<JobsDatabase>, id: string, userId: string): Promise<PhotoRow | undefined> {
  const [photo] = await findPhotos(db, [id]);
  return photo?.user_id === userId ? photo : undefined;
}

/** Photos in the order of `ids`, whoever owns them. Undefined where there is none or it is deleted. */
export async function findPhotos(
  db: Database<JobsDatabase>,
  ids: readonly string[],
): Promise<Array<PhotoRow | undefined>> {
  return inOrder(ids, await photosById(db, ids).execute());
}

/** The same, kept from being deleted until the transaction ends. */
export async function lockPhotos(
  trx: Transaction<JobsDatabase>,
  ids: readonly string[],
): Promise<Array<PhotoRow | undefined>> {
  return inOrder(ids, await photosById(trx, ids).orderBy('id').forShare().execute());
}

function photosById(db: Database<JobsDatabase>, ids: readonly string[]) {
  return db.selectFrom('photos').selectAll().where('id', 'in', ids).where('deleted_at', 'is', null);
}

function inOrder(ids: readonly string[], rows: readonly PhotoRow[]): Array<PhotoRow | undefined> {
  const byId = new Map(rows.map((row) => [row.id, row]));
  return ids.map((id) => byId.get(id));
}

/** Whose photos are listed: those that a user uploaded, or those of a user's own eyes that others uploaded. */
export type PhotosOf = { readonly uploaderId: string } | { readonly shownId: string };

/** Photos, newest first, one more than the page holds. */
export function listPhotos(db: Database<JobsDatabase>, of: PhotosOf, page: Page): Promise<PhotoRow[]> {
  let query = db.selectFrom('photos').selectAll().where('deleted_at', 'is', null);
  if ('uploaderId' in of) query = query.where('user_id', '=', of.uploaderId);
  else query = query.where(isOfAdult(of.shownId)).where('user_id', '<>', of.shownId);
  if (page.last !== undefined) query = query.where('id', '<', page.last);
  return query
    .orderBy('id', 'desc')
    .limit(page.limit + 1)
    .execute();
}

/** Whether a photo shows the eye of an adult with an account of its own. */
function isOfAdult(userId: string) {
  return (of: ExpressionBuilder<JobsDatabase, 'photos'>) =>
    of.and([of('subject_id', '=', userId), of('subject_kind', '=', 'self')]);
}

/**
 * Marks a photo as uploaded, and records its object. Undefined when it was deleted meanwhile. Throws SUBJECT_ERASED when
 * its subject, or its owner, is erased.
 */
export async function markUploaded(trx: Transaction<JobsDatabase>, id: string): Promise<PhotoRow | undefined> {
  const photo = await trx
    .updateTable('photos')
    .set({ upload_status: 'uploaded' })
    .where('id', '=', id)
    .where('deleted_at', 'is', null)
    .returningAll()
    .executeTakeFirst();
  if (photo === undefined) return undefined;
  await requireUnblocked(trx, [photo, holderOf(photo.user_id)]);
  await recordPhoto(trx, photo);
  await auditPhotoStored(trx, photo);
  return photo;
}

/**
 * Buries a photo, its jobs, the artworks that show it, and theirs: nothing finds them any more, what runs is
 * cancelled, what was measured of the eye is forgotten, and their objects are due for the sweep. Finished works of
 * several people have to go without it instead (CR-09): they are out of reach until they do. Gives false when there is
 * no such photo. `userId`: only one that this user uploaded, or that shows this user's eye. `awaitedOnly`: only a photo
 * whose bytes were never confirmed.
 */
export async function buryPhoto(
  trx: Transaction<JobsDatabase>,
  id: string,
  o: { readonly userId?: string; readonly awaitedOnly?: boolean; readonly reason?: string } = {},
): Promise<boolean> {
  let query = trx.updateTable('photos').where('id', '=', id).where('deleted_at', 'is', null);
  const { userId } = o;
  if (userId !== undefined) query = query.where((of) => of.or([of('user_id', '=', userId), isOfAdult(userId)(of)]));
  if (o.awaitedOnly) query = query.where('upload_status', '=', 'pending');
  const buried = await query
    .set({ deleted_at: sql`now()`, sweep_at: sql`now()`, sweeps: 0 })
    .returningAll()
    .executeTakeFirst();
  if (buried === undefined) return false;
  if (userId !== undefined) await auditPhotoDeleted(trx, buried, userId);
  await withdrawIrises(trx, [id], { reason: o.reason });
  await buryArtworksOf(trx, id);
  await buryJobsOf(trx, id, o.reason);
  return true;
}

async function buryArtworksOf(trx: Transaction<JobsDatabase>, photoId: string): Promise<void> {
  const buried = await trx
    .updateTable('artworks')
    .set({ deleted_at: sql`now()`, thumbnail: null, link_epoch: sql`link_epoch + 1` })
    .where('id', 'in', artworksToBury(trx, photoId))
    .where('deleted_at', 'is', null)
    .returning('id')
    .execute();
  const ids = buried.map(({ id }) => id);
  if (ids.length === 0) return;
  await trx.updateTable('artwork_sources').set({ geometry: null }).where('artwork_id', 'in', ids).execute();
}

/** The works that show a photo, but for those that go on without it. */
function artworksToBury(trx: Transaction<JobsDatabase>, photoId: string) {
  return trx
    .selectFrom('artwork_sources')
    .select('artwork_id')
    .where('photo_id', '=', photoId)
    .where('artwork_id', 'not in', (of) => of.selectFrom('withdrawn_sources').select('withdrawn_sources.artwork_id'));
}

async function buryJobsOf(trx: Transaction<JobsDatabase>, photoId: string, reason?: string): Promise<void> {
  const artworks = artworksToBury(trx, photoId);
  const touched = trx
    .selectFrom('jobs')
    .select(['id', 'user_id'])
    .where((either) => either.or([either('photo_id', '=', photoId), either('artwork_id', 'in', artworks)]))
    .where('deleted_at', 'is', null)
    .orderBy('id')
    .forUpdate();
  // Rows first, then the owners' locks (see the migration), each in one order.
  const jobs = await touched.execute();
  jobs.sort((a, b) => a.user_id.localeCompare(b.user_id));
  for (const job of jobs) {
    await changeJob(trx, { jobId: job.id }, { type: 'cancelled', reason });
    await trx.updateTable('jobs').set(FORGOTTEN).where('id', '=', job.id).execute();
    await trx.deleteFrom('job_steps').where('job_id', '=', job.id).execute();
  }
}

const FORGOTTEN = {
  deleted_at: sql<Date>`now()`,
  sweep_at: sql<Date>`now()`,
  sweeps: 0,
  link_epoch: sql<number>`link_epoch + 1`,
  rejection: null,
  geometry: null,
  quality_score: null,
  measures: null,
  result: null,
  result_geometry: null,
  mask: null,
} as const;

/** Ids of photos that were announced before `before` and whose bytes were never confirmed. */
export async function awaitedPhotos(db: Database<JobsDatabase>, before: Date): Promise<string[]> {
  const rows = await db
    .selectFrom('photos')
    .select('id')
    .where('upload_status', '=', 'pending')
    .where('deleted_at', 'is', null)
    .where('created_at', '<', before)
    .limit(100)
    .execute();
  return rows.map((row) => row.id);
}

/** Ids of a subject's photos whose bytes were never confirmed; with `uploaderId` of that user's photos only. */
export async function awaitedPhotosOfSubject(
  db: Database<JobsDatabase>,
  subject: { readonly subject_id: string; readonly subject_kind: SubjectKindName },
  uploaderId?: string,
): Promise<string[]> {
  let query = db
    .selectFrom('photos')
    .select('id')
    .where('subject_id', '=', subject.subject_id)
    .where('subject_kind', '=', subject.subject_kind)
    .where('upload_status', '=', 'pending')
    .where('deleted_at', 'is', null);
  if (uploaderId !== undefined) query = query.where('user_id', '=', uploaderId);
  return (await query.execute()).map((row) => row.id);
}
