import { create, type JsonObject, toJson } from '@bufbuild/protobuf';
import {
  EnhancementSchema,
  type IrisCrop,
  IrisCropSchema,
  ReflectionRemovalSchema,
} from '@irisvue/contracts/irisvue/enhancement/v1/enhancement_service';
import {
  type CropWindow,
  type Ellipse,
  EllipseSchema,
  type IrisGeometry,
  IrisGeometrySchema,
  ObjectRefSchema,
  type Provenance,
  ProvenanceSchema,
  QualityMeasureSchema,
} from '@irisvue/contracts/irisvue/media/v1/media';
import { SegmentationSchema, SegmentStep } from '@irisvue/contracts/irisvue/segmentation/v1/segmentation_service';
import { maskKey, resultKey, workKey } from '@irisvue/storage';
import type { JobColumns } from '../change-job.ts';
import { fromColumn, toColumn } from '../message-column.ts';
import type { PhotoRow } from '../photo-store.ts';
import type { StepCall, StepEvent, VisionClients } from './step-work.ts';

/**
 * Fewest pixels across the iris in a labelled test set: it is there to be measured, so only what no method could find
 * is refused for its size. Everybody else's photos meet the limit of the segmentation service.
 */
const evaluationMinIrisPx = 32;

/** Finds the iris in the photo. */
export async function* segment(
  { segmentation }: VisionClients,
  photo: PhotoRow,
  { job, signal, headers }: StepCall,
): AsyncGenerator<StepEvent> {
  const request = {
    jobId: job.id,
    attempt: job.attempt,
    photo: {
      key: photo.object_key,
      sha256: photo.sha256,
      sizeBytes: BigInt(photo.size_bytes),
      contentType: photo.content_type,
    },
    maskKey: maskKey(job.user_id, job.id, job.attempt),
    cropKey: workKey(job.user_id, job.id, job.attempt, 'crop.png'),
    labelsKey: workKey(job.user_id, job.id, job.attempt, 'labels.png'),
    minIrisDiameterPx: photo.subject_kind === 'evaluation' ? evaluationMinIrisPx : 0,
  };
  for await (const { event } of segmentation.segment(request, { signal, headers })) {
    switch (event.case) {
      case 'progress': {
        const step = event.value.step === SegmentStep.LOADING ? 'loading' : 'segmenting';
        yield { type: 'progress', step, fraction: event.value.fraction };
        break;
      }
      case 'segmentation': {
        const { photoWidth, photoHeight, provenance } = event.value;
        yield {
          type: 'done',
          outcome: toColumn(SegmentationSchema, event.value),
          provenance: provenanceColumn(provenance),
          photo: { id: photo.id, width: photoWidth, height: photoHeight },
        };
        break;
      }
      case 'rejection':
        yield { type: 'refused', rejection: event.value };
        break;
    }
  }
}

/** Fills the reflections in the crop. */
export async function* removeReflections(
  { enhancement }: VisionClients,
  segmentation: JsonObject,
  { job, signal, headers }: StepCall,
): AsyncGenerator<StepEvent> {
  const request = {
    jobId: job.id,
    attempt: job.attempt,
    iris: cropOf(segmentation),
    cleanKey: workKey(job.user_id, job.id, job.attempt, 'clean.png'),
  };
  for await (const { event } of enhancement.removeReflections(request, { signal, headers })) {
    if (event.case === 'fraction') yield { type: 'progress', step: 'removing_reflections', fraction: event.value };
    if (event.case === 'removal') {
      const outcome = toColumn(ReflectionRemovalSchema, event.value);
      yield { type: 'done', outcome, provenance: provenanceColumn(event.value.provenance) };
    }
  }
}

/** Makes the picture that a person keeps. */
export async function* enhance(
  { enhancement }: VisionClients,
  segmentation: JsonObject,
  removal: JsonObject,
  { job, signal, headers }: StepCall,
): AsyncGenerator<StepEvent> {
  const { clean } = fromColumn(ReflectionRemovalSchema, removal)!;
  const request = {
    jobId: job.id,
    attempt: job.attempt,
    iris: { ...cropOf(segmentation), crop: clean },
    resultKey: resultKey(job.user_id, job.id, job.attempt),
  };
  for await (const { event } of enhancement.enhance(request, { signal, headers })) {
    if (event.case === 'fraction') yield { type: 'progress', step: 'enhancing', fraction: event.value };
    if (event.case === 'enhancement') {
      const outcome = toColumn(EnhancementSchema, event.value);
      yield { type: 'done', outcome, provenance: provenanceColumn(event.value.provenance) };
    }
  }
}

/** What the job's row holds once it is completed: where result and mask are, and what was measured. */
export function processedColumns(segmentation: JsonObject, enhancement: JsonObject): JobColumns {
  const found = fromColumn(SegmentationSchema, segmentation)!;
  const enhanced = fromColumn(EnhancementSchema, enhancement)!;
  const { mask, geometry } = found;
  if (!mask || !geometry || !enhanced.result) throw new Error('a step answered without what it had to make');
  return {
    result: toColumn(ObjectRefSchema, enhanced.result),
    result_geometry: enhanced.geometry ? toColumn(IrisGeometrySchema, enhanced.geometry) : null,
    mask: toColumn(ObjectRefSchema, mask),
    geometry: toColumn(IrisGeometrySchema, geometry),
    quality_score: found.qualityScore,
    measures: JSON.stringify(
      found.measures.map((measure) => toJson(QualityMeasureSchema, measure, { useProtoFieldName: true })),
    ),
    result_width: enhanced.side,
    result_height: enhanced.side,
  };
}

function provenanceColumn(provenance: Provenance | undefined): string | undefined {
  return provenance && toColumn(ProvenanceSchema, provenance);
}

function cropOf(segmentation: JsonObject): IrisCrop {
  const { crop, labels, geometry, window } = fromColumn(SegmentationSchema, segmentation)!;
  if (!crop || !labels || !geometry || !window) throw new Error('segmentation answered without a crop');
  return create(IrisCropSchema, { crop, labels, geometry: inCrop(geometry, window) });
}

/** The geometry in pixels of the crop, which is a square of the photo at its own resolution. */
function inCrop(geometry: IrisGeometry, window: CropWindow): IrisGeometry {
  const moved = (ellipse: Ellipse | undefined) =>
    ellipse && create(EllipseSchema, { ...ellipse, cx: ellipse.cx - window.x, cy: ellipse.cy - window.y });
  return create(IrisGeometrySchema, {
    limbus: moved(geometry.limbus),
    pupil: moved(geometry.pupil),
    frameWidth: window.side,
    frameHeight: window.side,
  });
}
