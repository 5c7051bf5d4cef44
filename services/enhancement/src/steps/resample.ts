import type { Image } from '@irisvue/vision';

/** A rectangle of a scaled picture, in its own whole pixels, and how that picture lies over its source. */
export interface Region {
  /** Source pixels at the scaled picture's left and top edge; may be a fraction. */
  readonly originX: number;
  readonly originY: number;
  /** Pixels of the scaled picture for each source pixel. */
  readonly scale: number;
  /** The rectangle. */
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** Lobes of the Lanczos window. */
const lobes = 3;
/** Taps are added up in groups of this many, so that no sum is written and read again for each; more is padded. */
const group = 6;

/** Source pixels beyond a region's edge that drawing it at `scale` looks at. */
export function resampleReach(scale: number): number {
  return lobes * Math.max(1, 1 / scale);
}

/**
 * Draws a region of `source` at another scale with a Lanczos kernel of 3 lobes (Duchon 1979), separable, wider when it
 * shrinks so that nothing aliases; beyond the edge the edge goes on. What a pixel becomes does not depend on the
 * rectangle it is drawn in: tiles fit without a seam. (libvips has no Lanczos for enlarging: there it is bicubic.)
 */
export function resample(source: Image, region: Region): Image {
  const columns = weigh(source.width, region.originX, region.scale, region.x, region.width);
  const rows = weigh(source.height, region.originY, region.scale, region.y, region.height);
  const top = rows.at.reduce((least, y) => Math.min(least, y), source.height);
  const bottom = rows.at.reduce((most, y) => Math.max(most, y), 0) + 1;
  const stride = region.width * 3;
  const across = new Float32Array((bottom - top) * stride);
  for (let y = top; y < bottom; y++) stretchRow(source, y, columns, across.subarray((y - top) * stride));
  return stackRows(across, region.width, top, rows, region.height);
}

/** For each place in turn `count` source pixels and what each contributes; the weights of a place add up to 1. */
interface Taps {
  readonly count: number;
  readonly at: Int32Array;
  readonly weights: Float32Array;
}

function weigh(length: number, origin: number, scale: number, first: number, places: number): Taps {
  const support = resampleReach(scale);
  const squeeze = Math.min(1, scale);
  const count = Math.ceil((2 * support) / group) * group;
  const at = new Int32Array(places * count);
  const weights = new Float32Array(places * count);
  for (let i = 0; i < places; i++) {
    const centre = origin + (first + i + 0.5) / scale - 0.5;
    const from = Math.floor(centre - support) + 1;
    let total = 0;
    for (let k = 0; k < count; k++) total += lanczos((from + k - centre) * squeeze);
    for (let k = 0; k < count; k++) {
      at[i * count + k] = Math.min(length - 1, Math.max(0, from + k));
      weights[i * count + k] = lanczos((from + k - centre) * squeeze) / total;
    }
  }
  return { count, at, weights };
}

function lanczos(t: number): number {
  if (t === 0) return 1;
  if (Math.abs(t) >= lobes) return 0;
  const angle = Math.PI * t;
  return (lobes * Math.sin(angle) * Math.sin(angle / lobes)) / (angle * angle);
}

function stretchRow({ width, data }: Image, y: number, { count, at, weights }: Taps, out: Float32Array): void {
  const start = y * width * 3;
  const end = at.length;
  for (let k = 0, j = 0; k < end; k += count, j += 3) {
    let r = 0;
    let g = 0;
    let b = 0;
    for (let t = k; t < k + count; t++) {
      const weight = weights[t];
      const from = start + at[t] * 3;
      r += weight * data[from];
      g += weight * data[from + 1];
      b += weight * data[from + 2];
    }
    out[j] = r;
    out[j + 1] = g;
    out[j + 2] = b;
  }
}

function stackRows(
  across: Float32Array,
  width: number,
  top: number,
  { count, at, weights }: Taps,
  height: number,
): Image {
  const stride = width * 3;
  // Clamped arrays round and clamp as they are written.
  const data = new Uint8ClampedArray(stride * height);
  const sum = new Float32Array(stride);
  for (let y = 0; y < height; y++) {
    sum.fill(0);
    for (let k = y * count; k < (y + 1) * count; k += group) {
      const [p0, p1, p2, p3, p4, p5] = Array.from(at.subarray(k, k + group), (row) => (row - top) * stride);
      const [w0, w1, w2, w3, w4, w5] = weights.subarray(k, k + group);
      for (let j = 0; j < stride; j++) {
        sum[j] +=
          w0 * across[p0 + j] +
          w1 * across[p1 + j] +
          w2 * across[p2 + j] +
          w3 * across[p3 + j] +
          w4 * across[p4 + j] +
          w5 * across[p5 + j];
      }
    }
    const out = data.subarray(y * stride, (y + 1) * stride);
    for (let j = 0; j < stride; j++) out[j] = sum[j];
  }
  return { width, height, data: new Uint8Array(data.buffer) };
}
