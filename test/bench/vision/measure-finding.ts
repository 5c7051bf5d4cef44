import { Label, type Mask, meanRadius } from '@irisvue/vision';
import { findHighlights } from '../../../services/enhancement/src/steps/find-highlights.ts';
import { emptyMaskLike } from './mask-score.ts';
import type { TrueCrop } from './true-crop.ts';

/** How well highlights were found in one eye. */
export interface FindingScore {
  readonly name: string;
  readonly group: string;
  /** Share of the highlights' pixels that were found, 0 to 1; absent where there are none. */
  readonly recall?: number;
  /** Share of iris and pupil that was taken for a highlight and is none, 0 to 1. */
  readonly falseArea: number;
}

/** What lies this near a highlight, in limbus radii, is its halo and may be filled with it. */
const halo = 0.04;

export async function scoreFinding(
  { crop, glare }: TrueCrop,
  who: { readonly name: string; readonly group: string },
): Promise<FindingScore> {
  const { hole } = await findHighlights(crop.image, crop.labels, crop.geometry);
  const near = grown(glare, Math.max(1, Math.round(halo * meanRadius(crop.geometry.limbus))));
  let [lit, found, eye, wrong] = [0, 0, 0, 0];
  for (let i = 0; i < hole.data.length; i++) {
    if (glare.data[i] > 0) {
      lit++;
      if (hole.data[i] > 0) found++;
    }
    if (crop.labels.data[i] < Label.iris) continue;
    eye++;
    if (hole.data[i] > 0 && near.data[i] === 0) wrong++;
  }
  return { ...who, recall: lit > 0 ? found / lit : undefined, falseArea: wrong / Math.max(1, eye) };
}

/** Every pixel within `radius` pixels of a set one, measured along rows, then columns (a square). */
function grown(mask: Mask, radius: number): Mask {
  const across = emptyMaskLike(mask);
  const out = emptyMaskLike(mask);
  spreadLines(mask, across, radius, mask.height, mask.width, mask.width, 1);
  spreadLines(across, out, radius, mask.width, mask.height, 1, mask.width);
  return out;
}

function spreadLines(
  from: Mask,
  into: Mask,
  radius: number,
  lines: number,
  length: number,
  lineStep: number,
  step: number,
): void {
  for (let line = 0; line < lines; line++) {
    // Distance to the last set pixel, there and back.
    for (const back of [false, true]) {
      let since = radius + 1;
      for (let i = 0; i < length; i++) {
        const at = line * lineStep + (back ? length - 1 - i : i) * step;
        since = from.data[at] > 0 ? 0 : since + 1;
        if (since <= radius) into.data[at] = 255;
      }
    }
  }
}
