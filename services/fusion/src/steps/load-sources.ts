import { createHash } from 'node:crypto';
import type { Source } from '@irisvue/contracts/irisvue/fusion/v1/fusion_service';
import type { ObjectRef } from '@irisvue/contracts/irisvue/media/v1/media';
import { DomainError, ErrorReason } from '@irisvue/runtime';
import type { ObjectStore } from '@irisvue/storage';
import { decodePhoto, decodePicture, geometryFromMessage, type Image } from '@irisvue/vision';
import type { IrisPicture } from './standard-iris.ts';

/** Loads a processed result with its geometry. @throws DomainError INVALID_FIELD when the geometry is missing. */
export async function loadIris(source: Source, store: ObjectStore, signal: AbortSignal): Promise<IrisPicture> {
  if (!source.geometry)
    throw new DomainError(ErrorReason.INVALID_FIELD, 'a fusion needs limbus and pupil of each source', {
      field: 'sources.geometry',
      limit: 'required',
    });
  const geometry = geometryFromMessage(source.geometry);
  return { image: await decodePicture(await loadBytes(source.picture!, store, signal)), geometry };
}

/** Loads a processed result, or an original as its owner uploaded it. @throws DomainError INVALID_FIELD when refused. */
export async function loadPicture(source: Source, store: ObjectStore, signal: AbortSignal): Promise<Image> {
  const bytes = await loadBytes(source.picture!, store, signal);
  if (source.geometry) return decodePicture(bytes);
  const decoded = await decodePhoto(bytes);
  if ('image' in decoded) return decoded.image;
  throw new DomainError(ErrorReason.INVALID_FIELD, decoded.rejection.message, {
    field: 'sources.picture',
    limit: `${decoded.rejection.limit} ${decoded.rejection.unit}`.trim(),
  });
}

/** The stored bytes, if they are the ones that were meant. @throws DomainError UPLOAD_MISMATCH otherwise. */
async function loadBytes(ref: ObjectRef, store: ObjectStore, signal: AbortSignal): Promise<Uint8Array> {
  const bytes = await store.get(ref.key, { maxBytes: Number(ref.sizeBytes), signal });
  const actual = createHash('sha256').update(bytes).digest('hex');
  if (actual === ref.sha256) return bytes;
  const message = 'the stored object is not the one that was meant';
  throw new DomainError(ErrorReason.UPLOAD_MISMATCH, message, { field: 'sha256', expected: ref.sha256, actual });
}
