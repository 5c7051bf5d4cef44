import {
  emptyMask,
  type Image,
  type IrisGeometry,
  Label,
  type Mask,
  meanRadius,
  type PhotoRejection,
} from '@irisvue/vision';
import type { IrisModel } from './iris-model.ts';
import { irisCovered, irisTooSmall, noEye } from './rejections.ts';
import { type Cover, measureCover } from './steps/cover.ts';
import { type CropSquare, cropAround, cutCrop } from './steps/cut-crop.ts';
import { findClassically } from './steps/find-classically.ts';
import { findIris } from './steps/find-iris.ts';
import { fitGeometry } from './steps/fit-geometry.ts';
import { measureQuality, overallScore, type QualityMeasure } from './steps/measure-quality.ts';
import { paintLabels } from './steps/paint-labels.ts';
import { countTones, type Tones } from './steps/tones.ts';
import { evidenceScore, leastEvidence, weighNet, weighTones } from './steps/weigh-evidence.ts';

/** Bounds below which a photo is refused. */
export interface SegmentLimits {
  /** Fewest pixels across the iris. */
  readonly minIrisPx: number;
  /** Least share of the iris that must be seen, in %. */
  readonly minVisiblePercent: number;
}

/** How the iris was found. */
export type SegmentMethod = 'unet-two-pass' | 'classical-limbus';

/** A segmented photo. Geometry is in photo pixels; crop and labels show `square`. */
export interface SegmentedPhoto {
  readonly method: SegmentMethod;
  readonly geometry: IrisGeometry;
  /** 255 where the iris is visible; the photo's size. */
  readonly mask: Mask;
  readonly square: CropSquare;
  readonly crop: Image;
  /** Values of Label; the crop's size. */
  readonly labels: Mask;
  readonly measures: readonly QualityMeasure[];
  /** 0 to 1. */
  readonly qualityScore: number;
}

export type SegmentOutcome = { readonly segmented: SegmentedPhoto } | { readonly rejection: PhotoRejection };

/** What either method finds: a limbus, labels of the square around it, and how sure it is, 0 to 1. */
interface FoundIris {
  readonly method: SegmentMethod;
  readonly geometry: IrisGeometry;
  readonly square: CropSquare;
  readonly crop: Image;
  readonly labels: Mask;
  readonly tones: Tones;
  readonly evidence: number;
}

/**
 * Segments a photo: 1) find the iris, by the net, or by the classical limbus finder when there is none 2) refuse when
 * it is no eye, too small or mostly covered 3) measure its quality 4) lay the visible iris on the photo's own grid.
 * Never invents a circle: without evidence the answer is a rejection.
 */
export async function segment(
  photo: Image,
  model: IrisModel | undefined,
  limits: SegmentLimits,
): Promise<SegmentOutcome> {
  const found = model
    ? await findByNet(photo, model)
    : { method: 'classical-limbus' as const, ...(await findClassically(photo)) };
  if (!found || found.evidence < leastEvidence) {
    return { rejection: noEye(found?.evidence ?? 0, leastEvidence) };
  }
  const { method, geometry, square, crop, labels, tones } = found;
  const cover = measureCover(labels, square, geometry);
  const rejection = refuse(geometry, cover, limits);
  if (rejection) return { rejection };

  const measures = await measureQuality({ crop, labels, tones, geometry, cover });
  const mask = layMask(photo, labels, square);
  return {
    segmented: { method, geometry, mask, square, crop, labels, measures, qualityScore: overallScore(measures) },
  };
}

async function findByNet(photo: Image, model: IrisModel): Promise<FoundIris | undefined> {
  const seen = await findIris(photo, model);
  const fitted = seen && fitGeometry(seen.map, seen.eye, photo);
  if (!seen || !fitted) return undefined;
  const { geometry } = fitted;
  const square = cropAround(geometry.limbus);
  const crop = cutCrop(photo, square);
  const window = { x: square.x, y: square.y, width: square.side, height: square.side };
  const labels = paintLabels(seen.map, seen.eye, window);
  const tones = countTones(crop, labels);
  const evidence = evidenceScore(weighNet(seen.eye), weighTones(tones));
  return { method: 'unet-two-pass', geometry, square, crop, labels, tones, evidence };
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
