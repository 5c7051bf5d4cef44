import type { Image } from '@irisvue/vision';
import type { HolePixels } from './hole-pixels.ts';
import type { PolarFrame } from './polar-frame.ts';

/** How much more a fibre's own ends say than its neighbours do. */
const alongFibre = 2;
/** At the borders of pupil and iris, how much more the circle says than the ray does. */
const alongBorder = 8;
/** Half width of those borders, in rho. */
const border = 0.06;
/** Pixels of the photo that are averaged where a ray meets it: one alone is noise. */
const endPixels = 3;
/** Sweeps that let neighbouring rays agree. More blur the fibres. */
const sweeps = 80;
/** Distance of the neighbours that a pixel listens to, in pixels. Below 1 the grid's own blur would win. */
const reach = 1.5;

/** Weights of the ray and of the circle. */
interface Pull {
  readonly ray: number;
  readonly circle: number;
}

/**
 * Colours for the pixels of a hole, linear numbers 0 to 255, three for each pixel of `hole`:
 * 1) from each pixel four walks, along its ray and along its circle both ways, to the nearest known pixels; their
 * colours, weighted by nearness and by how fibres run there, are the first guess; a walk does not cross the pupil's
 * border along a ray, nor leave the eye; 2) sweeps of an anisotropic diffusion with the same weights, fixed at the rim.
 */
export function continueFibres(crop: Image, hole: HolePixels, frame: PolarFrame): Float32Array {
  const colours = new Float32Array(hole.count * 3);
  for (let n = 0; n < hole.count; n++) guess(crop, hole, frame, n, colours);
  relax(crop, hole, frame, colours);
  return colours;
}

function pullAt(rho: number): Pull {
  if (rho < -3 * border) return { ray: 1, circle: 1 };
  if (Math.abs(rho) < border || rho > 1 - border) return { ray: 1, circle: alongBorder };
  return { ray: alongFibre, circle: 1 };
}

type Step = (distance: number) => readonly [x: number, y: number];

/** Points at a signed distance (pixels) from pixel `n`: along its ray, and along its circle. */
function pathsFrom(hole: HolePixels, frame: PolarFrame, width: number, n: number): { ray: Step; circle: Step } {
  const x = (hole.at[n] % width) + 0.5;
  const y = Math.floor(hole.at[n] / width) + 0.5;
  const { outX, outY } = hole.places[n];
  const radius = Math.max(1, Math.hypot(x - frame.centreX, y - frame.centreY));
  return {
    ray: (d) => [x + outX * d, y + outY * d],
    circle: (d) => {
      const cos = Math.cos(d / radius);
      const sin = Math.sin(d / radius);
      return [frame.centreX + radius * (outX * cos - outY * sin), frame.centreY + radius * (outX * sin + outY * cos)];
    },
  };
}

function guess(crop: Image, hole: HolePixels, frame: PolarFrame, n: number, colours: Float32Array): void {
  const paths = pathsFrom(hole, frame, crop.width, n);
  const { rho } = hole.places[n];
  const pull = pullAt(rho);
  const sum = [0, 0, 0];
  let total = 0;
  for (const sign of [-1, 1]) {
    for (const kind of ['ray', 'circle'] as const) {
      const stays = kind === 'circle' ? undefined : hole.isPupil(hole.at[n]);
      const end = walk(crop, hole, (d) => paths[kind](d * sign), stays);
      if (!end) continue;
      const weight = pull[kind] / (end.distance * end.distance);
      for (let c = 0; c < 3; c++) sum[c] += weight * end.colour[c];
      total += weight;
    }
  }
  for (let c = 0; c < 3; c++) colours[n * 3 + c] = total > 0 ? sum[c] / total : crop.data[hole.at[n] * 3 + c];
}

/** Walks to the first known pixel. `inPupil` says on which side of the pupil's border the walk has to stay, if it has. */
function walk(
  crop: Image,
  hole: HolePixels,
  path: Step,
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

function meanFrom(crop: Image, hole: HolePixels, path: Step, from: number): number[] {
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

/** Corners of one neighbour's four surrounding pixels: the pixel's number if it is to be filled, else -1 - its index. */
const cornersPerPixel = 16;

function relax(crop: Image, hole: HolePixels, frame: PolarFrame, colours: Float32Array): void {
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
  const paths = pathsFrom(hole, frame, crop.width, n);
  const { rho } = hole.places[n];
  const pull = pullAt(rho);
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
      for (const [x, y, share] of [
        [x0, y0, (1 - fx) * (1 - fy)],
        [x0 + 1, y0, fx * (1 - fy)],
        [x0, y0 + 1, (1 - fx) * fy],
        [x0 + 1, y0 + 1, fx * fy],
      ]) {
        const number = hole.numberAt(x, y);
        const crosses = kind === 'ray' && hole.isPupil(y * crop.width + x) !== inPupil;
        const usable = !crosses && (number >= 0 || hole.isKnown(x, y));
        corners[j] = number >= 0 ? number : -1 - (y * crop.width + x);
        weights[j] = usable ? share * pull[kind] : 0;
        total += weights[j++];
      }
    }
  }
  if (total > 0) for (let k = n * cornersPerPixel; k < j; k++) weights[k] /= total;
}
