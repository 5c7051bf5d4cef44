import type { Image } from '@irisvue/vision';
import { pathsFrom } from './fibre-paths.ts';
import type { HolePixels } from './hole-pixels.ts';
import type { PolarFrame } from './polar-frame.ts';

/** Distance of the neighbours that a pixel listens to, in pixels. Below 1 the grid's own blur would win. */
const reach = 1.5;

/** Corners of one neighbour's four surrounding pixels: the pixel's number if it is to be filled, else -1 - its index. */
const cornersPerPixel = 16;

/**
 * Lets the colours of a hole agree with their neighbours, in place: sweeps of an anisotropic diffusion, stronger along
 * fibres than across, fixed at the rim. Each neighbour lies between four pixels and is their bilinear mix, so weights
 * are never negative and no colour leaves the range of its surroundings.
 */
export function relaxFibres(
  crop: Image,
  hole: HolePixels,
  frame: PolarFrame,
  colours: Float32Array,
  sweeps: number,
): void {
  const corners = new Int32Array(hole.count * cornersPerPixel);
  const weights = new Float32Array(hole.count * cornersPerPixel);
  for (let n = 0; n < hole.count; n++) link(crop, hole, frame, n, corners, weights);
  for (let sweep = 0; sweep < sweeps; sweep++) {
    for (let k = 0; k < hole.count; k++) {
      // Back and forth, so that no side of the hole is favoured.
      const n = sweep % 2 === 0 ? k : hole.count - 1 - k;
      const first = n * cornersPerPixel;
      let [r, g, b] = [0, 0, 0];
      for (let j = first; j < first + cornersPerPixel; j++) {
        const weight = weights[j];
        if (weight === 0) continue;
        const corner = corners[j];
        const source = corner >= 0 ? colours : crop.data;
        const at = (corner >= 0 ? corner : -1 - corner) * 3;
        r += weight * source[at];
        g += weight * source[at + 1];
        b += weight * source[at + 2];
      }
      if (r + g + b === 0) continue;
      colours[n * 3] = r;
      colours[n * 3 + 1] = g;
      colours[n * 3 + 2] = b;
    }
  }
}

function link(
  crop: Image,
  hole: HolePixels,
  frame: PolarFrame,
  n: number,
  corners: Int32Array,
  weights: Float32Array,
): void {
  const paths = pathsFrom(frame, (hole.at[n] % crop.width) + 0.5, Math.floor(hole.at[n] / crop.width) + 0.5);
  const inPupil = hole.isPupil(hole.at[n]);
  let j = n * cornersPerPixel;
  let total = 0;
  for (const kind of ['ray', 'circle'] as const) {
    for (const sign of [-1, 1]) {
      const [px, py] = paths[kind](sign * reach);
      const x0 = Math.floor(px - 0.5);
      const y0 = Math.floor(py - 0.5);
      const fx = px - 0.5 - x0;
      const fy = py - 0.5 - y0;
      for (let corner = 0; corner < 4; corner++, j++) {
        const x = x0 + (corner & 1);
        const y = y0 + (corner >> 1);
        const share = (corner & 1 ? fx : 1 - fx) * (corner >> 1 ? fy : 1 - fy);
        const number = hole.numberAt(x, y);
        const crosses = kind === 'ray' && hole.isPupil(y * crop.width + x) !== inPupil;
        const usable = !crosses && (number >= 0 || hole.isKnown(x, y));
        corners[j] = number >= 0 ? number : -1 - (y * crop.width + x);
        weights[j] = usable ? share * paths.pull[kind] : 0;
        total += weights[j];
      }
    }
  }
  if (total > 0) for (let k = n * cornersPerPixel; k < j; k++) weights[k] /= total;
}
