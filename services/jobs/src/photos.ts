import { createHash } from 'node:crypto';
import { create } from '@bufbuild/protobuf';
import { timestampFromDate } from '@bufbuild/protobuf/wkt';
import { type Photo, PhotoSchema, UploadStatus } from '@irisvue/contracts/irisvue/jobs/v1/photo_service';
import { DomainError, ErrorReason } from '@irisvue/runtime';
import type { ObjectStore } from '@irisvue/storage';
import { subjectMessage } from './consents.ts';
import type { PhotoRow } from './photo-store.ts';

/** What was announced about a photo's bytes. */
export type AnnouncedBytes = Pick<PhotoRow, 'id' | 'object_key' | 'size_bytes' | 'sha256'>;

/** A photo as its uploader sees it, and the person whose eye it shows. */
export function photoMessage(row: PhotoRow): Photo {
  return create(PhotoSchema, {
    id: row.id,
    subject: subjectMessage(row),
    uploadStatus: row.upload_status === 'uploaded' ? UploadStatus.UPLOADED : UploadStatus.PENDING,
    sha256: row.sha256,
    sizeBytes: BigInt(row.size_bytes),
    contentType: row.content_type,
    width: row.width ?? 0,
    height: row.height ?? 0,
    createTime: timestampFromDate(row.created_at),
    uploaderId: row.user_id,
  });
}

/** NOT_FOUND for a photo, also for somebody else's. */
export function noSuchPhoto(id: string): DomainError {
  return new DomainError(ErrorReason.NOT_FOUND, 'there is no such photo', { resource: 'photo', id });
}

/**
 * The photos that were asked for as `ids`, all of them there and uploaded. With `ownerId` all must be that user's.
 * Throws NOT_FOUND or PHOTO_NOT_UPLOADED for the first that is not.
 */
export function requireUploaded(
  ids: readonly string[],
  photos: ReadonlyArray<PhotoRow | undefined>,
  ownerId?: string,
): PhotoRow[] {
  return photos.map((photo, index) => {
    if (photo === undefined || (ownerId ?? photo.user_id) !== photo.user_id) throw noSuchPhoto(ids[index]!);
    if (photo.upload_status !== 'uploaded') throw notUploaded(photo.id, 'the photo’s upload is not confirmed');
    return photo;
  });
}

function notUploaded(id: string, message: string): DomainError {
  return new DomainError(ErrorReason.PHOTO_NOT_UPLOADED, message, { photo_id: id });
}

/**
 * Reads a photo's bytes once and holds them against what was announced. Throws PHOTO_NOT_UPLOADED {photo_id} when
 * nothing is stored; UPLOAD_MISMATCH {field: size_bytes or sha256, expected, actual} when something else is, and
 * deletes it: the upload can be sent again.
 */
export async function verifyUpload(store: ObjectStore, photo: AnnouncedBytes, signal: AbortSignal): Promise<void> {
  const stored = await store.head(photo.object_key);
  if (stored === undefined) throw notUploaded(photo.id, 'the photo’s bytes have not arrived');
  const mismatch =
    difference('size_bytes', String(photo.size_bytes), String(stored.sizeBytes)) ??
    difference('sha256', photo.sha256, await sha256Of(store, photo.object_key, signal));
  if (mismatch === undefined) return;
  await store.delete(photo.object_key);
  throw new DomainError(ErrorReason.UPLOAD_MISMATCH, `${mismatch.field} differs from what was announced`, mismatch);
}

function difference(field: string, expected: string, actual: string) {
  return expected === actual ? undefined : { field, expected, actual };
}

async function sha256Of(store: ObjectStore, key: string, signal: AbortSignal): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of await store.stream(key, { signal })) hash.update(chunk);
  return hash.digest('hex');
}
