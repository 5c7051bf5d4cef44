import { emptyMask, type Mask, meanRadius } from '@irisvue/vision';
import { type IrisCrop, shrinkCrop } from '../iris-crop.ts';
import { guessColours } from './guess-colours.ts';
import { type HolePixels, numberHole } from './hole-pixels.ts';
import { makePolarFrame } from './polar-frame.ts';
import { relaxFibres } from './relax-fibres.ts';

/** Up to this limbus radius, in pixels, a hole is solved as it is; above, first at half the size. */
const directRadius = 360;
/** Sweeps where nothing is known yet, and where half the size has been solved. More blur the fibres. */
const firstSweeps = 80;
const furtherSweeps = 24;

/**
 * Colours for the pixels of a hole, 0 to 255, three for each pixel in the order of numberHole. Along the fibres what is
 * at their ends goes on, around the borders of pupil and iris what is beside: 1) a first guess; 2) an anisotropic
 * diffusion; 3) coarse to fine, so that the work grows with the hole's area only.
 */
export async function continueFibres(crop: IrisCrop, hole: Mask): Promise<Float32Array> {
  const frame = makePolarFrame(crop.geometry);
  const pixels = numberHole(crop.image, hole, crop.labels, frame);
  const direct = meanRadius(crop.geometry.limbus) <= directRadius;
  const colours = direct ? guessColours(crop.image, pixels, frame) : await fromHalfSize(crop, hole, pixels);
  relaxFibres(crop.image, pixels, frame, colours, direct ? firstSweeps : furtherSweeps);
  return colours;
}

async function fromHalfSize(crop: IrisCrop, hole: Mask, pixels: HolePixels): Promise<Float32Array> {
  const small = await shrinkCrop(crop, 0.5);
  const { width, height, data } = small.image;
  const smallHole = shrinkHole(hole, width, height);
  const numbers = numberHole(small.image, smallHole, small.labels, makePolarFrame(small.geometry));
  const solved = await continueFibres(small, smallHole);
  const colours = new Float32Array(pixels.count * 3);
  const stretch = width / crop.image.width;
  for (let n = 0; n < pixels.count; n++) {
    const x = Math.min(width - 1, Math.floor(((pixels.at[n] % crop.image.width) + 0.5) * stretch));
    const y = Math.min(height - 1, Math.floor((Math.floor(pixels.at[n] / crop.image.width) + 0.5) * stretch));
    const number = numbers.numberAt(x, y);
    const source = number >= 0 ? solved : data;
    const at = (number >= 0 ? number : y * width + x) * 3;
    for (let c = 0; c < 3; c++) colours[n * 3 + c] = source[at + c];
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
