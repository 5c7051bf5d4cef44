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

/** The stored bytes. @throws what the store throws when they are gone, or not the ones that were meant */
function loadBytes(
  { key, sha256, sizeBytes }: ObjectRef,
  store: ObjectStore,
  signal: AbortSignal,
): Promise<Uint8Array> {
  return store.get(key, { maxBytes: Number(sizeBytes), sha256, signal });
}
