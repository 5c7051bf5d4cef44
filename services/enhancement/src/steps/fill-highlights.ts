import { type Image, type Mask, meanRadius } from '@irisvue/vision';
import type { IrisCrop } from '../iris-crop.ts';
import { borrowGrain } from './borrow-grain.ts';
import { continueFibres } from './continue-fibres.ts';
import { numberHole } from './hole-pixels.ts';
import { makePolarFrame } from './polar-frame.ts';

/**
 * Fills holes in an iris so that its fibres continue:
 * 1) colour flows into the hole along the fibres, and around the circle at the borders of pupil and iris
 * (continueFibres), so that it meets the photo without a step; 2) fine grain comes from the same radius at an angle
 * that looks alike, setting in from the rim (borrowGrain).
 *
 * Only pixels of the hole change; all others are bit-identical.
 *
 * @param hole 255 where to fill; only iris and pupil outside it are drawn from.
 */
export async function fillHighlights(crop: IrisCrop, hole: Mask): Promise<Image> {
  const { image, labels, geometry } = crop;
  const frame = makePolarFrame(geometry);
  const pixels = numberHole(hole, labels, geometry.pupil);
  const colours = await continueFibres(crop, hole, pixels);
  borrowGrain(image, pixels, frame, meanRadius(geometry.limbus), colours);
  const data = new Uint8Array(image.data);
  for (let n = 0; n < pixels.count; n++) {
    for (let c = 0; c < 3; c++) data[pixels.at[n] * 3 + c] = Math.min(255, Math.max(0, Math.round(colours[n * 3 + c])));
  }
  return { width: image.width, height: image.height, data };
}
