import type { MessageInitShape } from '@bufbuild/protobuf';
import type {
  RemoveReflectionsRequest,
  RemoveReflectionsResponseSchema,
} from '@irisvue/contracts/irisvue/enhancement/v1/enhancement_service';
import type { ObjectStore } from '@irisvue/storage';
import { encodePng } from '@irisvue/vision';
import { getCrop, getObject, putObject } from './crop-objects.ts';
import { removeReflections } from './remove-reflections.ts';

type Response = MessageInitShape<typeof RemoveReflectionsResponseSchema>;

/** Shares of the time that reading and filling take, as measured; the rest is encoding. */
const readAt = 0.2;
const filledAt = 0.7;

/**
 * Carries out one request: get the crop, remove reflections, put the clean crop. Without a highlight the crop's own
 * bytes are stored again. Yields progress, then the outcome. @throws as getCrop.
 */
export async function* removeReflectionsFromObject(
  request: RemoveReflectionsRequest,
  store: ObjectStore,
  signal: AbortSignal,
): AsyncIterable<Response> {
  const { iris } = request;
  if (!iris?.crop) throw new TypeError('RemoveReflectionsRequest.iris is missing, which validation excludes');
  yield progress(0);
  const crop = await getCrop(store, iris, signal);
  yield progress(readAt);
  const { image, highlights, filledShare } = await removeReflections(crop);
  yield progress(filledAt);
  const bytes = highlights > 0 ? await encodePng(image) : await getObject(store, iris.crop, signal);
  const clean = await putObject(store, request.cleanKey, bytes, { contentType: 'image/png', signal });
  yield progress(1);
  const provenance = {
    method: highlights > 0 ? 'polar-diffusion' : 'none',
    // Plain code on the CPU, wherever the slot is pinned.
    device: 'cpu',
    photographedShare: 1 - filledShare,
    filledShare,
    upscaleFactor: 1,
  };
  yield { event: { case: 'removal', value: { clean, highlights, provenance } } };
}

function progress(fraction: number): Response {
  return { event: { case: 'fraction', value: fraction } };
}
