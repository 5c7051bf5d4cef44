import { emptyMask, type Image, type Mask, meanRadius } from '@irisvue/vision';
import { type IrisCrop, shrinkCrop } from '../iris-crop.ts';
import { guessColours } from './guess-colours.ts';
import { type HolePixels, numberHole } from './hole-pixels.ts';
import { makePolarFrame } from './polar-frame.ts';
import { relaxFibres } from './relax-fibres.ts';

/** Up to this limbus radius, in pixels, a hole is solved as it is; above, first at half the size. */
const directRadius = 360;
/** Above this radius what half the size gives is only enlarged: no photo shows fibres that fine. */
const finestRadius = 900;
/** Sweeps where nothing is known yet, and where half the size has been solved. More blur the fibres. */
const firstSweeps = 80;
const furtherSweeps = 14;
/** How far a sweep goes: at first colours come from far, later only from nearby. */
const firstStep = 1.9;
const furtherStep = 1.4;

/**
 * Colours for the pixels of a hole, 0 to 255, three for each pixel in the order of `pixels`. Along the fibres what is
 * at their ends goes on, around the borders of pupil and iris what is beside: 1) a first guess; 2) an anisotropic
 * diffusion; 3) coarse to fine, so that the work grows with the hole's area only.
 */
export async function continueFibres(crop: IrisCrop, hole: Mask, pixels: HolePixels): Promise<Float32Array> {
  const { image, geometry } = crop;
  const frame = makePolarFrame(geometry);
  const radius = meanRadius(geometry.limbus);
  const direct = radius <= directRadius;
  const colours = direct ? guessColours(image, pixels, frame) : await fromHalfSize(crop, hole, pixels);
  if (direct) relaxFibres(image, pixels, frame, colours, firstSweeps, firstStep);
  else if (radius <= finestRadius) relaxFibres(image, pixels, frame, colours, furtherSweeps, furtherStep);
  return colours;
}

async function fromHalfSize(crop: IrisCrop, hole: Mask, pixels: HolePixels): Promise<Float32Array> {
  const small = await shrinkCrop(crop, 0.5);
  const { width, height, data } = small.image;
  const smallHole = shrinkHole(hole, width, height);
  const smallPixels = numberHole(smallHole, small.labels, small.geometry.pupil);
  const solved = await continueFibres(small, smallHole, smallPixels);
  smallPixels.at.forEach((i, n) => {
    for (let c = 0; c < 3; c++) data[i * 3 + c] = Math.round(solved[n * 3 + c]);
  });
  return enlarge(small.image, crop.image.width, crop.image.height, pixels);
}

/** Colours of a hole's pixels in a picture of another size, linear between its pixels. */
function enlarge({ width, height, data }: Image, toWidth: number, toHeight: number, hole: HolePixels): Float32Array {
  const colours = new Float32Array(hole.count * 3);
  for (let n = 0; n < hole.count; n++) {
    const x = Math.max(0, (((hole.at[n] % toWidth) + 0.5) * width) / toWidth - 0.5);
    const y = Math.max(0, ((Math.floor(hole.at[n] / toWidth) + 0.5) * height) / toHeight - 0.5);
    const x0 = Math.min(width - 2, Math.floor(x));
    const y0 = Math.min(height - 2, Math.floor(y));
    const at = (y0 * width + x0) * 3;
    for (let c = 0; c < 3; c++) {
      const upper = data[at + c] + (data[at + 3 + c] - data[at + c]) * (x - x0);
      const below = at + width * 3 + c;
      const lower = data[below] + (data[below + 3] - data[below]) * (x - x0);
      colours[n * 3 + c] = upper + (lower - upper) * (y - y0);
    }
  }
  return colours;
}

/** A hole at another size: a pixel that is touched by it is part of it, since its mean would hold the highlight. */
function shrinkHole(hole: Mask, width: number, height: number): Mask {
  const shrunk = emptyMask(width, height);
  for (let y = 0, i = 0; y < hole.height; y++) {
    const above = Math.floor((y * height) / hole.height);
    const below = Math.min(height - 1, Math.floor(((y + 1) * height - 1) / hole.height));
    for (let x = 0; x < hole.width; x++, i++) {
      if (hole.data[i] === 0) continue;
      const left = Math.floor((x * width) / hole.width);
      const right = Math.min(width - 1, Math.floor(((x + 1) * width - 1) / hole.width));
      for (const v of [above, below]) for (const u of [left, right]) shrunk.data[v * width + u] = 255;
    }
  }
  return shrunk;
}
