import type { Image } from './image.ts';

/** Which source cells one target cell covers: `first` to `first + weights.length - 1`, weights summing to 1. */
interface Cover {
  readonly first: number;
  readonly weights: Float32Array;
}

/**
 * Makes a picture smaller by averaging: each new pixel is the mean of the old ones it covers, weighted by the covered
 * part. 1) rows are added up as they are read 2) each finished row is averaged across. Holds one row of sums, so a
 * picture of any height costs no more memory than its result. @throws RangeError when a side would grow.
 */
export function areaResize(image: Image, width: number, height: number): Image {
  if (width > image.width || height > image.height) {
    throw new RangeError(`area averaging shrinks: ${image.width} × ${image.height} cannot become ${width} × ${height}`);
  }
  const columns = covers(image.width, width);
  const rows = covers(image.height, height);
  const data = new Uint8Array(width * height * 3);
  const sums = new Float32Array(image.width * 3);
  for (let y = 0; y < height; y++) {
    addRows(image, rows[y], sums);
    averageAcross(sums, columns, data, y * width * 3);
  }
  return { width, height, data };
}

function covers(from: number, to: number): Cover[] {
  const step = from / to;
  return Array.from({ length: to }, (_, i) => {
    const start = i * step;
    const end = Math.min(from, start + step);
    const first = Math.floor(start);
    const weights = new Float32Array(Math.ceil(end - 1e-9) - first);
    for (let k = 0; k < weights.length; k++) {
      weights[k] = (Math.min(end, first + k + 1) - Math.max(start, first + k)) / step;
    }
    return { first, weights };
  });
}

function addRows({ width, data }: Image, { first, weights }: Cover, sums: Float32Array): void {
  sums.fill(0);
  const stride = width * 3;
  for (let k = 0; k < weights.length; k++) {
    const weight = weights[k];
    const row = (first + k) * stride;
    for (let i = 0; i < stride; i++) sums[i] += weight * data[row + i];
  }
}

function averageAcross(sums: Float32Array, columns: readonly Cover[], out: Uint8Array, at: number): void {
  for (let x = 0; x < columns.length; x++) {
    const { first, weights } = columns[x];
    let r = 0;
    let g = 0;
    let b = 0;
    for (let k = 0; k < weights.length; k++) {
      const i = (first + k) * 3;
      r += weights[k] * sums[i];
      g += weights[k] * sums[i + 1];
      b += weights[k] * sums[i + 2];
    }
    out[at + x * 3] = r + 0.5;
    out[at + x * 3 + 1] = g + 0.5;
    out[at + x * 3 + 2] = b + 0.5;
  }
}
