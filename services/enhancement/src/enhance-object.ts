import type { MessageInitShape } from '@bufbuild/protobuf';
import type {
  EnhanceRequest,
  EnhanceResponseSchema,
} from '@irisvue/contracts/irisvue/enhancement/v1/enhancement_service';
import type { ObjectStore } from '@irisvue/storage';
import { type Device, encodeJpeg, geometryToMessage } from '@irisvue/vision';
import { getCrop, putObject } from './crop-objects.ts';
import { type EnhancedIris, enhance } from './enhance.ts';
import type { Upscaler } from './upscaler.ts';

/** What a slot works with. */
export interface Workplace {
  readonly store: ObjectStore;
  readonly upscaler: Upscaler;
  readonly device: Device;
}

type Response = MessageInitShape<typeof EnhanceResponseSchema>;

/** Largest side when the request does not say. */
const defaultMaxSide = 4096;
/** Quality of the result. */
const jpegQuality = 90;
/** Shares of the time until the crop is read and until its pixels are done, as measured; the rest is encoding. */
const readAt = 0.1;
const drawnAt = 0.85;

/** Carries out one request: get the crop, enhance, put the result. Yields progress, then the outcome. @throws as getCrop. */
export async function* enhanceObject(
  request: EnhanceRequest,
  { store, upscaler, device }: Workplace,
  signal: AbortSignal,
): AsyncIterable<Response> {
  if (!request.iris) throw new TypeError('EnhanceRequest.iris is missing, which validation excludes');
  yield progress(0);
  const crop = await getCrop(store, request.iris, signal);
  yield progress(readAt);
  for await (const event of enhance(crop, { upscaler, maxSide: request.maxSide || defaultMaxSide })) {
    if ('fraction' in event) yield progress(readAt + (drawnAt - readAt) * event.fraction);
    else yield await outcome(event.enhanced, request.resultKey, { store, device }, signal);
  }
}

async function outcome(
  { image, geometry, upscaleFactor, upscaler, colourShift }: EnhancedIris,
  resultKey: string,
  { store, device }: Pick<Workplace, 'store' | 'device'>,
  signal: AbortSignal,
): Promise<Response> {
  const bytes = await encodeJpeg(image, jpegQuality);
  const result = await putObject(store, resultKey, bytes, { contentType: 'image/jpeg', signal });
  const { name: model = '', version: modelVersion = '' } = upscaler.model?.card ?? {};
  const provenance = {
    method: upscaler.method,
    model,
    modelVersion,
    device: upscaler.model ? device : 'cpu',
    photographedShare: 1,
    upscaleFactor,
    colourShiftDeltaE: colourShift,
  };
  const value = { result, side: image.width, geometry: geometryToMessage(geometry), provenance };
  return { event: { case: 'enhancement', value } };
}

function progress(fraction: number): Response {
  return { event: { case: 'fraction', value: fraction } };
}
