import { create } from '@bufbuild/protobuf';
import type { Client } from '@connectrpc/connect';
import type { ArtworkPurpose } from '@irisvue/contracts/irisvue/consent/v1/artwork_permission';
import {
  type ConsentCheckService,
  ConsentPurpose,
  type Subject,
  SubjectSchema,
} from '@irisvue/contracts/irisvue/consent/v1/consent_service';
import { DomainError, ErrorReason, errorDetail } from '@irisvue/runtime';
import { SUBJECT_KINDS } from './job-enums.ts';
import type { SubjectRow } from './job-store.ts';

export type ConsentClient = Client<typeof ConsentCheckService>;

/** What consent.md calls the purposes; metadata of CONSENT_REQUIRED uses these words. */
const PURPOSE_WORDS: Readonly<Record<ConsentPurpose, string>> = {
  [ConsentPurpose.UNSPECIFIED]: '',
  [ConsentPurpose.BIOMETRIC_CAPTURE]: 'biometric_capture',
  [ConsentPurpose.DATA_PROCESSING]: 'data_processing',
  [ConsentPurpose.MARKETING]: 'marketing',
};
const ARTWORK_PURPOSE = 'artwork';

/** A subject as the contract has it. */
export function subjectMessage(row: SubjectRow): Subject {
  return create(SubjectSchema, { id: row.subject_id, kind: SUBJECT_KINDS[row.subject_kind] });
}

/** The different subjects among rows that name one, without their other columns. */
export function distinctSubjects(rows: readonly SubjectRow[]): SubjectRow[] {
  const byKey = new Map(
    rows.map(({ subject_id, subject_kind }) => [`${subject_id} ${subject_kind}`, { subject_id, subject_kind }]),
  );
  return [...byKey.values()];
}

/**
 * Throws CONSENT_REQUIRED {purpose, pending: ids of subjects} unless all subjects have an active consent;
 * SUBJECT_KIND_NOT_ALLOWED as consent says it; DEPENDENCY_DOWN when consent cannot be asked. With `uploaderId`, who
 * uploads or uploaded, a subject who is somebody else must besides permit that user, or be a minor of that user.
 */
export async function requireConsent(
  client: ConsentClient,
  subjects: readonly SubjectRow[],
  purpose: ConsentPurpose,
  signal?: AbortSignal,
  uploaderId?: string,
): Promise<void> {
  const request = { subjects: distinctSubjects(subjects).map(subjectMessage), purpose, uploaderId };
  const { pending } = await client.checkConsent(request, { signal }).catch(passOnRefusal);
  if (pending.length === 0) return;
  throw consentRequired(
    PURPOSE_WORDS[purpose] ?? '',
    pending.map((subject) => subject.id),
  );
}

/** A photo and whose permission its use in somebody's artwork needs. */
export interface OwnedPhoto {
  readonly photoId: string;
  readonly ownerId: string;
}

/** Whose permission the use of a photo needs: the adult's whose iris it shows, else the uploader's. */
export function permissionHolder(photo: SubjectRow & { readonly user_id: string }): string {
  return photo.subject_kind === 'self' ? photo.subject_id : photo.user_id;
}

/** A use of photos in an artwork. */
export interface ArtworkUse {
  readonly creatorId: string;
  readonly photos: readonly OwnedPhoto[];
  readonly purpose: ArtworkPurpose;
  /** The circle that it is shared with, if any. */
  readonly circleId?: string;
  /** The artwork, once there is one. */
  readonly artworkId?: string;
}

/**
 * Throws CONSENT_REQUIRED {purpose: 'artwork', pending: ids of photos} unless the creator may use every photo that is
 * somebody else's in this way.
 */
export async function requireArtworkPermission(
  client: ConsentClient,
  use: ArtworkUse,
  signal?: AbortSignal,
): Promise<void> {
  const photos = use.photos.filter((photo) => photo.ownerId !== use.creatorId);
  if (photos.length === 0) return;
  const answer = await client.checkArtworkPermission({ ...use, photos: [...photos] }, { signal }).catch(passOnRefusal);
  if (answer.pendingPhotoIds.length > 0) throw consentRequired(ARTWORK_PURPOSE, answer.pendingPhotoIds);
}

function consentRequired(purpose: string, pending: readonly string[]): DomainError {
  return new DomainError(ErrorReason.CONSENT_REQUIRED, `consent to ${purpose} is missing`, {
    purpose,
    pending: pending.join(','),
  });
}

// A PERMISSION_DENIED of a peer is hidden from callers as our own mistake, except for this one, which is about them.
function passOnRefusal(error: unknown): never {
  const detail = errorDetail(error);
  if (detail?.reason !== ErrorReason.SUBJECT_KIND_NOT_ALLOWED) throw error;
  const message = 'this kind of subject is not allowed here';
  throw new DomainError(detail.reason, message, detail.metadata, { cause: error });
}
