import type { Image } from '@irisvue/vision';
import type { Square } from './square.ts';

/** What the networks were taught to see beyond a photo's edge: middle grey. */
const beyond = 128;
/** A cell is averaged from at most so many pixels along each axis; more cost time and show nothing new. */
const mostPixels = 8;

/** The source pixels along one axis that a target cell averages. */
interface Reach {
  readonly pixels: readonly number[];
  /** Adding up to 1 with `outside`. */
  readonly weights: readonly number[];
  /** Share that lies beyond the picture. */
  readonly outside: number;
}

/**
 * A square of a picture resampled to `size` × `size` as the networks want it: planes B, G, R of 0 to 1 (NCHW). When it
 * shrinks, each cell is the mean of the pixels that it covers, of evenly spread ones where these are many; when it
 * enlarges, bilinear. Grey beyond the edge.
 */
export function sampleSquare(image: Image, square: Square, size: number): Float32Array {
  const columns = reaches(square.x, square.side, size, image.width);
  const rows = reaches(square.y, square.side, size, image.height);
  // The columns of all cells, one after the other: where each lies in a row of bytes, and its share of its cell.
  const offsets = Int32Array.from(columns.flatMap(({ pixels }) => pixels.map((x) => x * 3)));
  const sums = new Float32Array(offsets.length * 3);
  const planes = new Float32Array(3 * size * size);
  for (let y = 0; y < size; y++) {
    addRows(image, rows[y], offsets, sums);
    averageAcross(sums, columns, rows[y].outside, planes, y);
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
    const covered = Math.max(0, Math.min(count, Math.ceil(end - 1e-9)) - first);
    const all = Array.from({ length: covered }, (_, k) => {
      const pixel = first + k;
      return { pixel, weight: (Math.min(pixel + 1, end) - Math.max(pixel, from)) / width };
    });
    const kept = spread(all);
    return {
      pixels: kept.map(({ pixel }) => pixel),
      weights: kept.map(({ weight }) => weight),
      outside: Math.max(0, 1 - kept.reduce((sum, { weight }) => sum + weight, 0)),
    };
  });
}

interface WeightedPixel {
  readonly pixel: number;
  readonly weight: number;
}

/** At most `mostPixels` of the pixels: the middle one of each group stands for the group. */
function spread(all: readonly WeightedPixel[]): readonly WeightedPixel[] {
  if (all.length <= mostPixels) return all;
  const groups = Array.from({ length: mostPixels }, (_, g) =>
    all.slice(Math.floor((g * all.length) / mostPixels), Math.floor(((g + 1) * all.length) / mostPixels)),
  );
  return groups.map((group) => ({
    pixel: group[group.length >> 1].pixel,
    weight: group.reduce((sum, { weight }) => sum + weight, 0),
  }));
}

function addRows({ width, data }: Image, { pixels, weights }: Reach, offsets: Int32Array, sums: Float32Array): void {
  sums.fill(0);
  for (let k = 0; k < pixels.length; k++) {
    const weight = weights[k];
    const row = pixels[k] * width * 3;
    for (let i = 0; i < offsets.length; i++) {
      const at = row + offsets[i];
      sums[3 * i] += weight * data[at];
      sums[3 * i + 1] += weight * data[at + 1];
      sums[3 * i + 2] += weight * data[at + 2];
    }
  }
}

/** `outside` is the share of the rows beyond the picture; the sums lack it. */
function averageAcross(
  sums: Float32Array,
  columns: readonly Reach[],
  outside: number,
  planes: Float32Array,
  y: number,
): void {
  const size = columns.length;
  const plane = size * size;
  let i = 0;
  for (let x = 0; x < size; x++) {
    const { weights, outside: beside } = columns[x];
    const grey = beyond * (beside + (1 - beside) * outside);
    let r = grey;
    let g = grey;
    let b = grey;
    for (const weight of weights) {
      r += weight * sums[i];
      g += weight * sums[i + 1];
      b += weight * sums[i + 2];
      i += 3;
    }
    const cell = y * size + x;
    planes[cell] = b / 255;
    planes[plane + cell] = g / 255;
    planes[2 * plane + cell] = r / 255;
  }
}
