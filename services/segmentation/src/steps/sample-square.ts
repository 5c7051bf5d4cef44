import type { Image } from '@irisvue/vision';
import type { Square } from './class-map.ts';

/** What the net was taught to see beyond a photo's edge: middle grey. */
const beyond = 128;

/** One target cell's share of source pixels along one axis. */
interface Reach {
  readonly first: number;
  readonly weights: readonly number[];
}

/**
 * A square of a picture resampled to `size` × `size` as the net wants it: planes B, G, R of 0 to 1 (NCHW). When it
 * shrinks, each cell is the mean of the pixels that it covers; when it enlarges, bilinear. Grey beyond the edge.
 */
export function sampleSquare(image: Image, square: Square, size: number): Float32Array {
  const columns = reaches(square.x, square.side, size);
  const rows = reaches(square.y, square.side, size);
  const planes = new Float32Array(3 * size * size);
  const colour = new Float32Array(3);
  for (let y = 0; y < size; y++) {
    for (let x = 0; x < size; x++) {
      average(image, columns[x], rows[y], colour);
      const cell = y * size + x;
      planes[cell] = colour[2] / 255;
      planes[size * size + cell] = colour[1] / 255;
      planes[2 * size * size + cell] = colour[0] / 255;
    }
  }
  return planes;
}

function reaches(start: number, side: number, size: number): Reach[] {
  const step = side / size;
  return Array.from({ length: size }, (_, i) => {
    // A cell of at least one pixel averages what it covers; a smaller one lies between two pixel centres.
    const width = Math.max(step, 1);
    const from = start + (i + 0.5) * step - width / 2;
    const first = Math.floor(from);
    const weights = [];
    for (let p = first; p < from + width - 1e-9; p++) {
      weights.push((Math.min(p + 1, from + width) - Math.max(p, from)) / width);
    }
    return { first, weights };
  });
}

function average({ width, height, data }: Image, column: Reach, row: Reach, colour: Float32Array): void {
  colour.fill(0);
  for (let j = 0; j < row.weights.length; j++) {
    const y = row.first + j;
    for (let i = 0; i < column.weights.length; i++) {
      const x = column.first + i;
      const weight = row.weights[j] * column.weights[i];
      const inside = x >= 0 && y >= 0 && x < width && y < height;
      const at = (y * width + x) * 3;
      colour[0] += weight * (inside ? data[at] : beyond);
      colour[1] += weight * (inside ? data[at + 1] : beyond);
      colour[2] += weight * (inside ? data[at + 2] : beyond);
    }
  }
}
