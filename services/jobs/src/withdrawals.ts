import { ConsentPurpose } from '@irisvue/contracts/irisvue/consent/v1/consent_service';
import type { CapturePermissionWithdrawn, ConsentWithdrawn } from '@irisvue/contracts/irisvue/consent/v1/events';
import type { Database } from '@irisvue/database';
import { subjectKindName } from './job-enums.ts';
import { cancelJob, unendedJobsOfSubject } from './job-store.ts';
import { CONSENT_WITHDRAWN } from './jobs.ts';
import { awaitedPhotosOfSubject, buryPhoto } from './photo-store.ts';
import type { JobsDatabase } from './schema.ts';

/**
 * Does what a withdrawn consent asks for; doing it twice is harmless. `data_processing`: jobs on the subject's eyes
 * that wait or run are cancelled. `biometric_capture`: so are they, and photos whose bytes are still awaited are
 * buried, so that nothing more is stored. Links need nothing: each use asks consent.
 */
export async function applyWithdrawal(db: Database<JobsDatabase>, withdrawn: ConsentWithdrawn): Promise<void> {
  const kind = withdrawn.subject && subjectKindName(withdrawn.subject.kind);
  if (withdrawn.subject === undefined || kind === undefined) return;
  const subject = { subject_id: withdrawn.subject.id, subject_kind: kind };
  switch (withdrawn.purpose) {
    case ConsentPurpose.BIOMETRIC_CAPTURE:
      await buryAwaitedOf(db, subject);
      return await cancelJobsOf(db, subject);
    case ConsentPurpose.DATA_PROCESSING:
      return await cancelJobsOf(db, subject);
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

type SubjectOf = Parameters<typeof unendedJobsOfSubject>[1];

async function buryAwaitedOf(db: Database<JobsDatabase>, subject: SubjectOf, uploaderId?: string): Promise<void> {
  for (const id of await awaitedPhotosOfSubject(db, subject, uploaderId)) {
    await db.transaction().execute((trx) => buryPhoto(trx, id, { awaitedOnly: true, reason: CONSENT_WITHDRAWN }));
  }
}

async function cancelJobsOf(db: Database<JobsDatabase>, subject: SubjectOf, uploaderId?: string): Promise<void> {
  for (const id of await unendedJobsOfSubject(db, subject, uploaderId)) await cancelJob(db, id, CONSENT_WITHDRAWN);
}
