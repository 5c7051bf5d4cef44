import { create, type MessageInitShape } from '@bufbuild/protobuf';
import {
  type ObjectRef,
  ObjectRefSchema,
  type Provenance,
  ProvenanceSchema,
} from '@irisvue/contracts/irisvue/media/v1/media';
import {
  type SegmentRequest,
  type SegmentResponseSchema,
  SegmentStep,
} from '@irisvue/contracts/irisvue/segmentation/v1/segmentation_service';
import { DomainError, ErrorReason } from '@irisvue/runtime';
import { ObjectNotFound, type ObjectStore, ObjectTooLarge } from '@irisvue/storage';
import {
  type DecodedPhoto,
  type Device,
  decodePhoto,
  encodePng,
  geometryToMessage,
  type Image,
  type Mask,
  type PhotoRejection,
  photoLimits,
  rejectionToMessage,
  tooManyBytes,
} from '@irisvue/vision';
import type { IrisModel } from './iris-model.ts';
import { type SegmentedPhoto, type SegmentLimits, segment } from './segment.ts';

/** What a slot works with. */
export interface Workplace {
  readonly store: ObjectStore;
  /** Absent: the classical method is used. */
  readonly model: IrisModel | undefined;
  readonly limits: SegmentLimits;
  readonly device: Device;
}

type Response = MessageInitShape<typeof SegmentResponseSchema>;

/**
 * Carries out one request: get and decode the photo, segment it, put mask, crop and labels. Yields progress, then the
 * segmentation or the rejection. @throws DomainError NOT_FOUND when the photo is not in the store.
 */
export async function* segmentObject(
  request: SegmentRequest,
  { store, model, limits, device }: Workplace,
  signal: AbortSignal,
): AsyncIterable<Response> {
  yield progress(SegmentStep.LOADING, 0);
  const photo = await loadPhoto(store, request.photo, signal);
  if ('rejection' in photo) return yield refusal(photo.rejection);
  yield progress(SegmentStep.LOADING, 1);

  yield progress(SegmentStep.SEGMENTING, 0);
  const minIrisPx = request.minIrisDiameterPx || limits.minIrisPx;
  const outcome = await segment(photo.image, model, { ...limits, minIrisPx });
  if ('rejection' in outcome) return yield refusal(outcome.rejection);
  const { segmented } = outcome;
  yield progress(SegmentStep.SEGMENTING, 0.6);

  const put = (key: string, picture: Image | Mask): Promise<ObjectRef> => putPng(store, key, picture, signal);
  const mask = await put(request.maskKey, segmented.mask);
  const crop = await put(request.cropKey, segmented.crop);
  const labels = await put(request.labelsKey, segmented.labels);
  yield progress(SegmentStep.SEGMENTING, 1);

  yield {
    event: {
      case: 'segmentation',
      value: {
        photoWidth: photo.image.width,
        photoHeight: photo.image.height,
        geometry: geometryToMessage(segmented.geometry),
        mask,
        crop,
        labels,
        window: segmented.square,
        qualityScore: segmented.qualityScore,
        measures: [...segmented.measures],
        provenance: provenance(segmented, model, device),
      },
    },
  };
}

async function loadPhoto(store: ObjectStore, photo: ObjectRef | undefined, signal: AbortSignal): Promise<DecodedPhoto> {
  if (!photo) throw new TypeError('SegmentRequest.photo is missing, which validation excludes');
  try {
    const bytes = await store.get(photo.key, { maxBytes: photoLimits.maxBytes, sha256: photo.sha256, signal });
    return await decodePhoto(bytes);
  } catch (error) {
    if (error instanceof ObjectTooLarge) return { rejection: tooManyBytes(error.sizeBytes, error.maxBytes) };
    if (!(error instanceof ObjectNotFound)) throw error;
    throw new DomainError(ErrorReason.NOT_FOUND, 'the photo is not in the store', {
      resource: 'object',
      id: photo.key,
    });
  }
}

async function putPng(store: ObjectStore, key: string, picture: Image | Mask, signal: AbortSignal): Promise<ObjectRef> {
  const stored = await store.put(key, await encodePng(picture), { contentType: 'image/png', signal });
  return create(ObjectRefSchema, { ...stored, sizeBytes: BigInt(stored.sizeBytes) });
}

function provenance({ method }: SegmentedPhoto, model: IrisModel | undefined, device: Device): Provenance {
  const { name = '', version = '' } = model?.model.card ?? {};
  return create(ProvenanceSchema, {
    method,
    model: name,
    modelVersion: version,
    // The classical method is plain code on the CPU, wherever the slot is pinned.
    device: model ? device : 'cpu',
    photographedShare: 1,
    upscaleFactor: 1,
  });
}

function progress(step: SegmentStep, fraction: number): Response {
  return { event: { case: 'progress', value: { step, fraction } } };
}

function refusal(rejection: PhotoRejection): Response {
  return { event: { case: 'rejection', value: rejectionToMessage(rejection) } };
}
