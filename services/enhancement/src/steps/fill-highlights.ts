import { emptyMask, type Image, type Mask, meanRadius } from '@irisvue/vision';
import type { IrisCrop } from '../iris-crop.ts';
import { continueFibres } from './continue-fibres.ts';
import { cutAround } from './cut-around.ts';
import { type HolePixels, numberHole } from './hole-pixels.ts';
import { type SeenThrough, seeThrough } from './see-through.ts';

/** What a light covers by more than these shares is filled anew, round by round, from what was seen through the rest. */
const coverByRound = [0.6, 0.8, 0.9];
/** What lies further from all holes than this share of the limbus radius gives them nothing. */
const marginShare = 0.2;

/**
 * Fills holes in an iris so that its fibres continue, in rounds:
 * 1) colour flows into the hole in polar coordinates (continueFibres), so that it meets the photo without a step;
 * 2) at a light's edge and beneath a weak light the photo itself says what is there (seeThrough), and what the light
 * hides is filled again from there.
 *
 * Only pixels of the hole change; all others are bit-identical.
 *
 * @param hole 255 where a light changed the picture, its soft edge included; only iris and pupil outside are drawn from.
 */
export async function fillHighlights(crop: IrisCrop, hole: Mask): Promise<Image> {
  const radius = meanRadius(crop.geometry.limbus);
  const near = cutAround(crop, hole, Math.ceil(marginShare * radius));
  const seen = await separateLights(near.crop, near.hole, radius);
  const pixels = numberHole(hole, crop.labels, crop.geometry.pupil);
  return withColours(crop.image, pixels, seen.colours);
}

/** What lies beneath the lights, in rounds: a fill says what to expect, and what is seen helps the fill. */
async function separateLights(crop: IrisCrop, hole: Mask, radius: number): Promise<SeenThrough> {
  const { image, labels, geometry } = crop;
  const pixels = numberHole(hole, labels, geometry.pupil);
  const expected = await continueFibres(crop, hole, pixels);
  const separate = seeThrough(image, pixels, radius);
  let seen = separate(expected);
  for (const mostCover of coverByRound) {
    const hidden = emptyMask(hole.width, hole.height);
    pixels.at.forEach((i, n) => {
      if (seen.cover[n] > mostCover) hidden.data[i] = 255;
    });
    const core = numberHole(hidden, labels, geometry.pupil);
    const filled = await continueFibres({ ...crop, image: withColours(image, pixels, seen.colours) }, hidden, core);
    for (let n = 0; n < pixels.count; n++) {
      const inCore = core.numberAt(pixels.at[n] % hole.width, Math.floor(pixels.at[n] / hole.width));
      // What is seen stays apart from what was expected there: else each round would believe the last one.
      if (inCore >= 0) expected.set(filled.subarray(inCore * 3, inCore * 3 + 3), n * 3);
    }
    seen = separate(expected);
  }
  return seen;
}

/** The picture with other colours in the pixels of a hole. */
function withColours(image: Image, { at, count }: HolePixels, colours: Float32Array): Image {
  const data = new Uint8Array(image.data);
  for (let n = 0; n < count; n++) {
    for (let c = 0; c < 3; c++) data[at[n] * 3 + c] = Math.min(255, Math.max(0, Math.round(colours[n * 3 + c])));
  }
  return { width: image.width, height: image.height, data };
}
