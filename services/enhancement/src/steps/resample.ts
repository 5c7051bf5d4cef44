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

/** How many source pixels around a place have a say in its colour. */
export function lanczosSupport(scale: number): number {
  return lobes * Math.max(1, 1 / scale);
}

/**
 * Draws a region of `source` at another scale with a Lanczos kernel of 3 lobes (Duchon 1979), separable, wider when it
 * shrinks so that nothing aliases; beyond the edge the edge goes on. What a pixel becomes does not depend on the
 * rectangle it is drawn in: tiles fit without a seam.
 */
export function resample(source: Image, region: Region): Image {
  const columns = weigh(source.width, region.originX, region.scale, region.x, region.width);
  const rows = weigh(source.height, region.originY, region.scale, region.y, region.height);
  const top = Math.min(...rows.map(({ from }) => from));
  const bottom = Math.max(...rows.map(({ from, weights }) => from + weights.length));
  const across = new Float32Array((bottom - top) * region.width * 3);
  for (let y = top; y < bottom; y++) stretchRow(source, y, columns, across.subarray((y - top) * region.width * 3));
  return stackRows(across, region.width, top, rows);
}

/** Source pixels from `from` on, and what each contributes; the weights add up to 1. */
interface Taps {
  readonly from: number;
  readonly weights: Float32Array;
}

function weigh(length: number, origin: number, scale: number, first: number, count: number): Taps[] {
  const support = lanczosSupport(scale);
  const squeeze = Math.min(1, scale);
  return Array.from({ length: count }, (_, i) => {
    const centre = origin + (first + i + 0.5) / scale - 0.5;
    const from = Math.min(length - 1, Math.max(0, Math.ceil(centre - support)));
    const to = Math.min(length - 1, Math.max(0, Math.floor(centre + support)));
    const weights = new Float32Array(to - from + 1);
    for (let at = Math.ceil(centre - support); at <= Math.floor(centre + support); at++) {
      weights[Math.min(to, Math.max(from, at)) - from] += lanczos((at - centre) * squeeze);
    }
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    return { from, weights: weights.map((weight) => weight / total) };
  });
}

function lanczos(t: number): number {
  if (t === 0) return 1;
  if (Math.abs(t) >= lobes) return 0;
  const angle = Math.PI * t;
  return (lobes * Math.sin(angle) * Math.sin(angle / lobes)) / (angle * angle);
}

function stretchRow(source: Image, y: number, columns: readonly Taps[], out: Float32Array): void {
  const start = y * source.width * 3;
  for (let x = 0; x < columns.length; x++) {
    const { from, weights } = columns[x];
    let [r, g, b] = [0, 0, 0];
    for (let k = 0, at = start + from * 3; k < weights.length; k++, at += 3) {
      const weight = weights[k];
      r += weight * source.data[at];
      g += weight * source.data[at + 1];
      b += weight * source.data[at + 2];
    }
    out[x * 3] = r;
    out[x * 3 + 1] = g;
    out[x * 3 + 2] = b;
  }
}

function stackRows(across: Float32Array, width: number, top: number, rows: readonly Taps[]): Image {
  const stride = width * 3;
  const data = new Uint8Array(stride * rows.length);
  const sum = new Float32Array(stride);
  rows.forEach(({ from, weights }, y) => {
    sum.fill(0);
    for (let k = 0; k < weights.length; k++) {
      const weight = weights[k];
      const at = (from - top + k) * stride;
      for (let j = 0; j < stride; j++) sum[j] += weight * across[at + j];
    }
    for (let j = 0; j < stride; j++) data[y * stride + j] = Math.min(255, Math.max(0, Math.round(sum[j])));
  });
  return { width, height: rows.length, data };
}
