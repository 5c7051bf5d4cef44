import type { MessageInitShape } from '@bufbuild/protobuf';
import type { FuseRequest, MadeArtworkSchema } from '@irisvue/contracts/irisvue/fusion/v1/fusion_service';
import type { ObjectStore, StoredObject } from '@irisvue/storage';
import { encodeJpeg, type Image } from '@irisvue/vision';

/** JPEG qualities, 1 to 100 (features U6). */
const RESULT_QUALITY = 90;
const THUMBNAIL_QUALITY = 70;

/** Encodes and stores picture and thumbnail under the request's keys. */
export async function saveArtwork(
  picture: Image,
  thumbnail: Image,
  method: string,
  { resultKey, thumbnailKey }: Pick<FuseRequest, 'resultKey' | 'thumbnailKey'>,
  { store, signal }: { readonly store: ObjectStore; readonly signal: AbortSignal },
): Promise<MessageInitShape<typeof MadeArtworkSchema>> {
  const o = { contentType: 'image/jpeg', signal };
  const result = await store.put(resultKey, await encodeJpeg(picture, RESULT_QUALITY), o);
  const small = await store.put(thumbnailKey, await encodeJpeg(thumbnail, THUMBNAIL_QUALITY), o);
  const { width, height } = picture;
  return { result: objectRef(result), thumbnail: objectRef(small), width, height, method };
}

function objectRef({ key, sha256, sizeBytes, contentType }: StoredObject) {
  return { key, sha256, sizeBytes: BigInt(sizeBytes), contentType };
}
