import {
  emptyMask,
  type Image,
  type IrisGeometry,
  Label,
  type Mask,
  meanRadius,
  type PhotoRejection,
} from '@irisvue/vision';
import type { FoundIris } from './found-iris.ts';
import type { IrisModel } from './iris-model.ts';
import { irisCovered, irisTooSmall, noEye } from './rejections.ts';
import { type Cover, measureCover } from './steps/cover.ts';
import type { CropSquare } from './steps/cut-crop.ts';
import { findClassically } from './steps/find-classically.ts';
import { measureQuality, overallScore, type QualityMeasure } from './steps/measure-quality.ts';
import { countTones } from './steps/tones.ts';

/** Bounds below which a photo is refused. */
export interface SegmentLimits {
  /** Fewest pixels across the iris. */
  readonly minIrisPx: number;
  /** Least share of the iris that must be seen, in %. */
  readonly minVisiblePercent: number;
}

/** A segmented photo. Geometry is in photo pixels; crop and labels show `square`. */
export interface SegmentedPhoto extends FoundIris {
  /** 255 where the iris is visible; the photo's size. */
  readonly mask: Mask;
  readonly measures: readonly QualityMeasure[];
  /** 0 to 1. */
  readonly qualityScore: number;
}

export type SegmentOutcome = { readonly segmented: SegmentedPhoto } | { readonly rejection: PhotoRejection };

/**
 * Segments a photo: 1) find the iris, by the model, or by the classical limbus finder when there is none 2) refuse when
 * it is no eye, too small or mostly covered 3) measure its quality 4) lay the visible iris on the photo's own grid.
 * Never invents a circle: without evidence the answer is a rejection.
 */
export async function segment(
  photo: Image,
  model: IrisModel | undefined,
  limits: SegmentLimits,
): Promise<SegmentOutcome> {
  const finding = await (model ? model.find(photo) : findClassically(photo));
  if (!('iris' in finding)) return { rejection: noEye(finding.evidence, finding.limit) };
  const { geometry, square, crop, labels } = finding.iris;
  const cover = measureCover(labels, square, geometry);
  const rejection = refuse(geometry, cover, limits);
  if (rejection) return { rejection };

  const tones = countTones(crop, labels);
  const measures = await measureQuality({ crop, labels, tones, geometry, cover });
  const mask = layMask(photo, labels, square);
  return { segmented: { ...finding.iris, mask, measures, qualityScore: overallScore(measures) } };
}

function refuse(geometry: IrisGeometry, cover: Cover, limits: SegmentLimits): PhotoRejection | undefined {
  const diameterPx = 2 * meanRadius(geometry.limbus);
  if (diameterPx < limits.minIrisPx) return irisTooSmall(diameterPx, limits.minIrisPx);
  if (100 * cover.visible < limits.minVisiblePercent) return irisCovered(cover, limits.minVisiblePercent);
  return undefined;
}

/** The visible iris of the square, on the photo's own grid. */
function layMask(photo: Image, labels: Mask, { x, y, side }: CropSquare): Mask {
  const mask = emptyMask(photo.width, photo.height);
  for (let row = Math.max(0, -y); row < Math.min(side, photo.height - y); row++) {
    for (let column = Math.max(0, -x); column < Math.min(side, photo.width - x); column++) {
      if (labels.data[row * side + column] !== Label.iris) continue;
      mask.data[(y + row) * photo.width + x + column] = 255;
    }
  }
  return mask;
}
