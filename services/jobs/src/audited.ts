import { AuditAction } from '@irisvue/contracts/irisvue/privacy/v1/audit';
import { recordAudit } from '@irisvue/events';
import type { Transaction } from 'kysely';
import { subjectMessage } from './consents.ts';
import type { NewJob, SubjectRow } from './job-store.ts';
import type { PhotoRow } from './photo-store.ts';
import type { JobsDatabase } from './schema.ts';

const service = 'jobs';

/** Tells the audit log that a photo's bytes are stored. */
export async function auditPhotoStored(trx: Transaction<JobsDatabase>, photo: PhotoRow): Promise<void> {
  await recordAudit(trx, {
    service,
    action: AuditAction.PHOTO_STORED,
    userId: photo.user_id,
    subjects: [subjectMessage(photo)],
    resources: { photo: photo.id },
  });
}

/** Tells the audit log that a user deleted a photo. */
export async function auditPhotoDeleted(
  trx: Transaction<JobsDatabase>,
  photo: PhotoRow,
  userId: string,
): Promise<void> {
  await recordAudit(trx, {
    service,
    action: AuditAction.PHOTO_DELETED,
    userId,
    subjects: [subjectMessage(photo)],
    resources: { photo: photo.id },
  });
}

/** Tells the audit log of a job on the eyes of `subjects`, and of the artwork that it is to make. */
export async function auditJobSubmitted(
  trx: Transaction<JobsDatabase>,
  job: NewJob & { readonly id: string; readonly byService?: string },
  subjects: readonly SubjectRow[],
): Promise<void> {
  const { id, byService } = job;
  const by = byService === undefined ? { userId: job.user_id } : { byService };
  const done = { service, ...by, subjects: subjects.map(subjectMessage) };
  const photo: Record<string, string> = job.photo_id ? { photo: job.photo_id } : {};
  await recordAudit(trx, { ...done, action: AuditAction.JOB_SUBMITTED, resources: { job: id, ...photo } });
  if (!job.artwork_id || byService !== undefined) return;
  await recordAudit(trx, {
    ...done,
    action: AuditAction.ARTWORK_MADE,
    resources: { artwork: job.artwork_id, job: id },
  });
}

/** Tells the audit log that links to something were handed out (`made`), or that one was followed (`used`). */
export async function auditLink(
  trx: Transaction<JobsDatabase>,
  what: 'made' | 'used',
  link: {
    readonly userId: string;
    readonly subjects: readonly SubjectRow[];
    readonly resources: Readonly<Record<string, string>>;
  },
): Promise<void> {
  await recordAudit(trx, {
    service,
    action: what === 'made' ? AuditAction.LINK_MADE : AuditAction.LINK_USED,
    userId: link.userId,
    subjects: link.subjects.map(subjectMessage),
    resources: link.resources,
  });
}
