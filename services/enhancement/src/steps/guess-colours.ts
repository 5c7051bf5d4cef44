import type { Image } from '@irisvue/vision';
import { type Path, pathsFrom } from './fibre-paths.ts';
import type { HolePixels } from './hole-pixels.ts';
import type { PolarFrame } from './polar-frame.ts';

/** Pixels of the photo that are averaged where a walk meets it: one alone is noise. */
const endPixels = 3;

/**
 * A first guess at the colours of a hole, 0 to 255, three for each pixel: from each pixel four walks, along its ray and
 * along its circle both ways, to the nearest known pixels; their colours weighted by nearness and by how fibres run
 * there. A walk along a ray does not cross the pupil's border, and none leaves the eye. Where no walk arrives the pixel
 * keeps the mean of those where one did.
 */
export function guessColours(crop: Image, hole: HolePixels, frame: PolarFrame): Float32Array {
  const colours = new Float32Array(hole.count * 3);
  const missed: number[] = [];
  const sum = [0, 0, 0];
  for (let n = 0; n < hole.count; n++) {
    const colour = guess(crop, hole, frame, n);
    if (colour) colours.set(colour, n * 3);
    else missed.push(n);
    for (let c = 0; c < 3; c++) sum[c] += colour?.[c] ?? 0;
  }
  const met = Math.max(1, hole.count - missed.length);
  for (const n of missed)
    colours.set(
      sum.map((value) => value / met),
      n * 3,
    );
  return colours;
}

function guess(crop: Image, hole: HolePixels, frame: PolarFrame, n: number): readonly number[] | undefined {
  const paths = pathsFrom(frame, (hole.at[n] % crop.width) + 0.5, Math.floor(hole.at[n] / crop.width) + 0.5);
  const sum = [0, 0, 0];
  let total = 0;
  for (const sign of [-1, 1]) {
    for (const kind of ['ray', 'circle'] as const) {
      const stays = kind === 'circle' ? undefined : hole.isPupil(hole.at[n]);
      const end = walk(crop, hole, (d) => paths[kind](d * sign), stays);
      if (!end) continue;
      const weight = paths.pull[kind] / (end.distance * end.distance);
      for (let c = 0; c < 3; c++) sum[c] += weight * end.colour[c];
      total += weight;
    }
  }
  return total > 0 ? sum.map((value) => value / total) : undefined;
}

/** Walks to the first known pixel. `inPupil` says on which side of the pupil's border the walk has to stay, if it has. */
function walk(
  crop: Image,
  hole: HolePixels,
  path: Path,
  inPupil: boolean | undefined,
): { readonly distance: number; readonly colour: readonly number[] } | undefined {
  const limit = crop.width / 2;
  for (let d = 1; d < limit; d++) {
    const [px, py] = path(d);
    const x = Math.floor(px);
    const y = Math.floor(py);
    const inHole = hole.numberAt(x, y) >= 0;
    if (!inHole && !hole.isKnown(x, y)) return undefined;
    if (inPupil !== undefined && hole.isPupil(y * crop.width + x) !== inPupil) return undefined;
    if (inHole) continue;
    return { distance: d, colour: meanFrom(crop, hole, path, d) };
  }
  return undefined;
}

function meanFrom(crop: Image, hole: HolePixels, path: Path, from: number): number[] {
  const sum = [0, 0, 0];
  let count = 0;
  for (let d = from; d < from + endPixels; d++) {
    const [px, py] = path(d);
    const x = Math.floor(px);
    const y = Math.floor(py);
    if (!hole.isKnown(x, y)) break;
    for (let c = 0; c < 3; c++) sum[c] += crop.data[(y * crop.width + x) * 3 + c];
    count++;
  }
  return sum.map((value) => value / count);
}
