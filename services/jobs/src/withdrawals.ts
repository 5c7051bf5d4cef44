import { ConsentPurpose } from '@irisvue/contracts/irisvue/consent/v1/consent_service';
import type {
  ArtworkPermissionWithdrawn,
  CapturePermissionWithdrawn,
  ConsentWithdrawn,
} from '@irisvue/contracts/irisvue/consent/v1/events';
import type { Database } from '@irisvue/database';
import { jobsOfArtworks, sourcesOfArtworks } from './artwork-store.ts';
import { useIn } from './artworks.ts';
import { cancelJobs } from './change-job.ts';
import type { ConsentClient } from './consents.ts';
import { subjectKindName } from './job-enums.ts';
import { unendedJobsOfSubject } from './job-store.ts';
import { CONSENT_WITHDRAWN } from './jobs.ts';
import { isJoint, withdrawIrises } from './joint/withdraw-irises.ts';
import { awaitedPhotosOfSubject, buryPhoto } from './photo-store.ts';
import type { JobsDatabase } from './schema.ts';

/**
 * Does what a withdrawn consent asks for; doing it twice is harmless. `data_processing`: jobs on the subject's eyes
 * that wait or run are cancelled, and works of several people go on without them (CR-09). `biometric_capture`: jobs are
 * cancelled too, and photos whose bytes are still awaited are buried, so that nothing more is stored. Links need
 * nothing: each use asks consent. Of an erasure nothing is done: its block comes with it, stops the same work, and keeps
 * what was stored for the certificate.
 */
export async function applyWithdrawal(db: Database<JobsDatabase>, withdrawn: ConsentWithdrawn): Promise<void> {
  const kind = withdrawn.subject && subjectKindName(withdrawn.subject.kind);
  if (withdrawn.subject === undefined || kind === undefined || withdrawn.byErasure) return;
  const subject = { subject_id: withdrawn.subject.id, subject_kind: kind };
  switch (withdrawn.purpose) {
    case ConsentPurpose.BIOMETRIC_CAPTURE:
      await buryAwaitedOf(db, subject);
      return await cancelJobsOf(db, subject);
    case ConsentPurpose.DATA_PROCESSING:
      await cancelJobsOf(db, subject);
      return await withdrawIrisesOf(db, subject);
    default:
      return; // no other purpose covers work of this service
  }
}

/**
 * Does what a capture permission that was taken back asks for; doing it twice is harmless. Jobs of that uploader on the
 * subject's eyes are cancelled, and photos whose bytes are still awaited are buried.
 */
export async function applyCaptureWithdrawal(
  db: Database<JobsDatabase>,
  { subject: of, uploaderId }: CapturePermissionWithdrawn,
): Promise<void> {
  const kind = of && subjectKindName(of.kind);
  if (of === undefined || kind === undefined) return;
  const subject = { subject_id: of.id, subject_kind: kind };
  await buryAwaitedOf(db, subject, uploaderId);
  await cancelJobsOf(db, subject, uploaderId);
}

/**
 * Does what a permission that was taken back asks for; doing it twice is harmless. Finished works of that creator go on
 * without the irises of that owner for which no other permission stands. Throws DEPENDENCY_DOWN while consent cannot be
 * asked.
 */
export async function applyPermissionWithdrawal(
  o: { readonly db: Database<JobsDatabase>; readonly consent: ConsentClient },
  { ownerId, creatorId }: ArtworkPermissionWithdrawn,
): Promise<void> {
  const artworks = await o.db
    .selectFrom('artworks')
    .selectAll()
    .where('creator_id', '=', creatorId)
    .where(isJoint)
    .execute();
  const ids = artworks.map((artwork) => artwork.id);
  const [sources, jobs] = await Promise.all([sourcesOfArtworks(o.db, ids), jobsOfArtworks(o.db, ids)]);
  for (const artwork of artworks) {
    const job = jobs.find((candidate) => candidate.artwork_id === artwork.id);
    const photos = sources.filter((source) => source.artwork_id === artwork.id && source.owner_id === ownerId);
    if (job === undefined || photos.length === 0) continue;
    const use = useIn(artwork, job.kind, photos);
    const { pendingPhotoIds } = await o.consent.checkArtworkPermission({ ...use, photos: [...use.photos] });
    const only = [artwork.id];
    await o.db
      .transaction()
      .execute((trx) => withdrawIrises(trx, pendingPhotoIds, { only, reason: CONSENT_WITHDRAWN }));
  }
}

async function withdrawIrisesOf(db: Database<JobsDatabase>, { subject_id, subject_kind }: SubjectOf): Promise<void> {
  const photos = await db
    .selectFrom('photos')
    .select('id')
    .where('subject_id', '=', subject_id)
    .where('subject_kind', '=', subject_kind)
    .where('deleted_at', 'is', null)
    .execute();
  const ids = photos.map((photo) => photo.id);
  await db.transaction().execute((trx) => withdrawIrises(trx, ids, { reason: CONSENT_WITHDRAWN }));
}

type SubjectOf = Parameters<typeof unendedJobsOfSubject>[1];

async function buryAwaitedOf(db: Database<JobsDatabase>, subject: SubjectOf, uploaderId?: string): Promise<void> {
  for (const id of await awaitedPhotosOfSubject(db, subject, uploaderId)) {
    await db.transaction().execute((trx) => buryPhoto(trx, id, { awaitedOnly: true, reason: CONSENT_WITHDRAWN }));
  }
}

async function cancelJobsOf(db: Database<JobsDatabase>, subject: SubjectOf, uploaderId?: string): Promise<void> {
  const ids = await unendedJobsOfSubject(db, subject, uploaderId);
  await db.transaction().execute((trx) => cancelJobs(trx, ids, CONSENT_WITHDRAWN));
}
