import type { Image } from '@irisvue/vision';
import { pathsFrom } from './fibre-paths.ts';
import type { HolePixels } from './hole-pixels.ts';
import type { PolarFrame } from './polar-frame.ts';

/** Distance of the neighbours that a pixel listens to, in pixels. */
const reach = 1;

/** Four neighbours, each between four pixels. */
const cornersPerPixel = 16;

/** What pixels of a hole listen to. */
interface Links {
  /** Numbers of the pixels of the hole, `cornersPerPixel` for each pixel, and their weights. */
  readonly corners: Int32Array;
  readonly weights: Float32Array;
  /** What known pixels contribute, three for each pixel: it never changes. */
  readonly fixed: Float32Array;
}

/**
 * Lets the colours of a hole agree with their neighbours, in place: sweeps of an anisotropic diffusion along
 * rays and circles, fixed at the rim. Each neighbour lies between four pixels and is their bilinear mix, so weights
 * are never negative and no settled colour leaves the range of its surroundings.
 *
 * @param step how far a sweep goes to what the neighbours say: 1 is there; up to 2 settles sooner (Young 1954), and is
 * rough until it has settled.
 */
export function relaxFibres(
  crop: Image,
  hole: HolePixels,
  frame: PolarFrame,
  colours: Float32Array,
  sweeps: number,
  step: number,
): void {
  const links: Links = {
    corners: new Int32Array(hole.count * cornersPerPixel),
    weights: new Float32Array(hole.count * cornersPerPixel),
    fixed: new Float32Array(hole.count * 3),
  };
  for (let n = 0; n < hole.count; n++) link(crop, hole, frame, n, links);
  for (let sweep = 0; sweep < sweeps; sweep++) {
    // Back and forth, so that no side of the hole is favoured.
    if (sweep % 2 === 0) for (let n = 0; n < hole.count; n++) relax(n, links, colours, step);
    else for (let n = hole.count - 1; n >= 0; n--) relax(n, links, colours, step);
  }
}

function relax(n: number, { corners, weights, fixed }: Links, colours: Float32Array, step: number): void {
  let r = fixed[n * 3];
  let g = fixed[n * 3 + 1];
  let b = fixed[n * 3 + 2];
  const end = (n + 1) * cornersPerPixel;
  for (let j = n * cornersPerPixel; j < end; j++) {
    const weight = weights[j];
    if (weight === 0) continue;
    const at = corners[j] * 3;
    r += weight * colours[at];
    g += weight * colours[at + 1];
    b += weight * colours[at + 2];
  }
  if (r + g + b === 0) return;
  colours[n * 3] += step * (r - colours[n * 3]);
  colours[n * 3 + 1] += step * (g - colours[n * 3 + 1]);
  colours[n * 3 + 2] += step * (b - colours[n * 3 + 2]);
}

function link(crop: Image, hole: HolePixels, frame: PolarFrame, n: number, { corners, weights, fixed }: Links): void {
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
        if (crosses || (number < 0 && !hole.isKnown(x, y))) continue;
        const weight = share * paths.pull[kind];
        total += weight;
        if (number >= 0) {
          corners[j] = number;
          weights[j] = weight;
        } else {
          const at = (y * crop.width + x) * 3;
          for (let c = 0; c < 3; c++) fixed[n * 3 + c] += weight * crop.data[at + c];
        }
      }
    }
  }
  if (total === 0) return;
  for (let k = n * cornersPerPixel; k < j; k++) weights[k] /= total;
  for (let c = 0; c < 3; c++) fixed[n * 3 + c] /= total;
}
