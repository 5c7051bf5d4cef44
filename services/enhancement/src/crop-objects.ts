import { create } from '@bufbuild/protobuf';
import type { IrisCrop as IrisCropMessage } from '@irisvue/contracts/irisvue/enhancement/v1/enhancement_service';
import { type ObjectRef, ObjectRefSchema } from '@irisvue/contracts/irisvue/media/v1/media';
import { DomainError, ErrorReason } from '@irisvue/runtime';
import { ObjectNotFound, type ObjectStore } from '@irisvue/storage';
import { decodeMask, decodePicture, geometryFromMessage } from '@irisvue/vision';
import type { IrisCrop } from './iris-crop.ts';

/**
 * Gets crop and labels from the store. @throws DomainError NOT_FOUND when one is not there, INVALID_FIELD when they do
 * not fit each other or their geometry.
 */
export async function getCrop(store: ObjectStore, message: IrisCropMessage, signal: AbortSignal): Promise<IrisCrop> {
  if (!message.crop || !message.labels || !message.geometry) {
    throw new TypeError('a field of IrisCrop is missing, which validation excludes');
  }
  const image = await decodePicture(await getObject(store, message.crop, signal));
  const labels = await decodeMask(await getObject(store, message.labels, signal));
  const geometry = geometryFromMessage(message.geometry);
  const { width, height } = image;
  if (labels.width !== width || labels.height !== height) throw misfit('iris.labels');
  if (geometry.frameWidth !== width || geometry.frameHeight !== height) throw misfit('iris.geometry');
  return { image, labels, geometry };
}

/** Stores bytes. */
export async function putObject(
  store: ObjectStore,
  key: string,
  bytes: Uint8Array,
  o: { readonly contentType: string; readonly signal: AbortSignal },
): Promise<ObjectRef> {
  const stored = await store.put(key, bytes, o);
  return create(ObjectRefSchema, { ...stored, sizeBytes: BigInt(stored.sizeBytes) });
}

/** The bytes of an object, checked against its SHA-256. @throws DomainError NOT_FOUND. */
export async function getObject(store: ObjectStore, ref: ObjectRef, signal: AbortSignal): Promise<Uint8Array> {
  try {
    return await store.get(ref.key, { sha256: ref.sha256, signal });
  } catch (error) {
    if (!(error instanceof ObjectNotFound)) throw error;
    throw new DomainError(ErrorReason.NOT_FOUND, 'an object of the crop is not there', {
      resource: 'object',
      id: ref.key,
    });
  }
}

function misfit(field: string): DomainError {
  return new DomainError(ErrorReason.INVALID_FIELD, `${field} is not of the crop's size`, { field });
}
