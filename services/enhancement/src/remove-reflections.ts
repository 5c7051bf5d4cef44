import { type Image, Label, type Mask, meanRadius } from '@irisvue/vision';
import { type IrisCrop, shrinkCrop } from './iris-crop.ts';
import { fillHighlights } from './steps/fill-highlights.ts';
import { findHighlights, type Highlights } from './steps/find-highlights.ts';
import { resizeLabels } from './steps/resize-labels.ts';

/** A crop without reflections. */
export interface CleanCrop {
  /** The crop's own image, the same object, when nothing was found. */
  readonly image: Image;
  /** Number of highlights that were filled. */
  readonly highlights: number;
  /** Share of visible iris pixels (pupil not counted) that were filled, 0 to 1. */
  readonly filledShare: number;
}

/**
 * Highlights are looked for at a limbus radius of at most this many pixels: they are far larger than a pixel, and time
 * and memory stay the same for every photo.
 */
const searchRadius = 512;

/** Finds the lights that the cornea mirrors and fills them so that the fibres continue. */
export async function removeReflections(crop: IrisCrop): Promise<CleanCrop> {
  const { hole, count } = await findAtSearchSize(crop);
  if (count === 0) return { image: crop.image, highlights: 0, filledShare: 0 };
  const image = await fillHighlights(crop, hole);
  return { image, highlights: count, filledShare: shareOfIris(hole, crop.labels) };
}

async function findAtSearchSize(crop: IrisCrop): Promise<Highlights> {
  const { image, labels, geometry } = crop;
  const scale = searchRadius / meanRadius(geometry.limbus);
  if (scale >= 1) return findHighlights(image, labels, geometry);
  const small = await shrinkCrop(crop, scale);
  const { hole, count } = findHighlights(small.image, small.labels, small.geometry);
  return { hole: withinEye(resizeLabels(hole, image.width, image.height), labels), count };
}

/** The shrunken labels may have been a pixel off: what is not iris or pupil is not filled. In place. */
function withinEye(hole: Mask, labels: Mask): Mask {
  for (let i = 0; i < hole.data.length; i++) if (labels.data[i] < Label.iris) hole.data[i] = 0;
  return hole;
}

function shareOfIris(hole: Mask, labels: Mask): number {
  let iris = 0;
  let filled = 0;
  for (let i = 0; i < labels.data.length; i++) {
    if (labels.data[i] !== Label.iris) continue;
    iris++;
    if (hole.data[i] > 0) filled++;
  }
  return iris > 0 ? filled / iris : 0;
}
