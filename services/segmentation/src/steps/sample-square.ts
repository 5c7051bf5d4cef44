import type { Image } from '@irisvue/vision';
import type { Square } from './square.ts';

/** What the networks were taught to see beyond a photo's edge: middle grey. */
const beyond = 128;
/** Rows of pixels that one row of cells is averaged from at most; more cost time and show nothing new. */
const mostRows = 8;

/** One target cell's share of source pixels along one axis. */
interface Reach {
  readonly first: number;
  /** Adding up to 1 with `outside`. */
  readonly weights: Float32Array;
  /** Share that lies beyond the picture. */
  readonly outside: number;
}

/**
 * A square of a picture resampled to `size` × `size` as the networks want it: planes B, G, R of 0 to 1 (NCHW). When it
 * shrinks, each cell is the mean of the pixels that it covers, of evenly spread rows where these are many; when it
 * enlarges, bilinear. Grey beyond the edge.
 */
export function sampleSquare(image: Image, square: Square, size: number): Float32Array {
  const columns = reaches(square.x, square.side, size, image.width);
  const rows = reaches(square.y, square.side, size, image.height).map(thinOut);
  const planes = new Float32Array(3 * size * size);
  const left = Math.max(0, Math.floor(square.x) - 1);
  const right = Math.min(image.width, Math.ceil(square.x + square.side) + 1);
  const sums = new Float32Array(Math.max(0, right - left) * 3);
  for (let y = 0; y < size; y++) {
    addRows(image, rows[y], left, sums);
    averageAcross(sums, left, columns, rows[y].outside, planes, y, size);
  }
  return planes;
}

/** The pixels, of `count`, that each cell averages. A cell of less than a pixel lies between two pixel centres. */
function reaches(start: number, side: number, size: number, count: number): Reach[] {
  const step = side / size;
  const width = Math.max(step, 1);
  return Array.from({ length: size }, (_, i) => {
    const from = start + (i + 0.5) * step - width / 2;
    const end = from + width;
    const first = Math.max(0, Math.floor(from));
    const last = Math.min(count, Math.ceil(end - 1e-9));
    const weights = new Float32Array(Math.max(0, last - first));
    for (let k = 0; k < weights.length; k++) {
      weights[k] = (Math.min(first + k + 1, end) - Math.max(first + k, from)) / width;
    }
    return { first, weights, outside: Math.max(0, 1 - weights.reduce((sum, weight) => sum + weight, 0)) };
  });
}

/** The same reach by fewer rows: the weights of those left out go to the ones that stay. */
function thinOut(reach: Reach): Reach {
  const { weights } = reach;
  if (weights.length <= mostRows) return reach;
  const every = Math.ceil(weights.length / mostRows);
  const thinned = new Float32Array(weights.length);
  for (let k = 0; k < weights.length; k++) {
    // The middle row of each group stands for the group.
    const group = k - (k % every);
    const middle = group + (Math.min(every, weights.length - group) >> 1);
    thinned[middle] += weights[k];
  }
  return { ...reach, weights: thinned };
}

function addRows({ width, data }: Image, { first, weights }: Reach, left: number, sums: Float32Array): void {
  sums.fill(0);
  for (let k = 0; k < weights.length; k++) {
    const weight = weights[k];
    if (weight === 0) continue;
    const from = ((first + k) * width + left) * 3;
    for (let i = 0; i < sums.length; i++) sums[i] += weight * data[from + i];
  }
}

/** `outside` is the share of the rows beyond the picture; the sums lack it. */
function averageAcross(
  sums: Float32Array,
  left: number,
  columns: readonly Reach[],
  outside: number,
  planes: Float32Array,
  y: number,
  size: number,
): void {
  const plane = size * size;
  for (let x = 0; x < size; x++) {
    const { first, weights, outside: beside } = columns[x];
    const grey = beyond * (beside + (1 - beside) * outside);
    let r = grey;
    let g = grey;
    let b = grey;
    for (let k = 0; k < weights.length; k++) {
      const i = (first + k - left) * 3;
      r += weights[k] * sums[i];
      g += weights[k] * sums[i + 1];
      b += weights[k] * sums[i + 2];
    }
    const cell = y * size + x;
    planes[cell] = b / 255;
    planes[plane + cell] = g / 255;
    planes[2 * plane + cell] = r / 255;
  }
}
