import type { Image } from '@irisvue/vision';

/** One channel of a picture, 0 to 255. */
export interface Plane {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
}

/** The red channel. Every iris is dark in it, blue ones too, while sclera and skin of every tone are brighter. */
export function redPlane({ width, height, data }: Image): Plane {
  return { width, height, data: Uint8Array.from({ length: width * height }, (_, i) => data[i * 3]) };
}

/** The brightest channel of each pixel. Only the pupil is dark in all three. */
export function brightestPlane({ width, height, data }: Image): Plane {
  const brightest = (i: number): number => Math.max(data[i * 3], data[i * 3 + 1], data[i * 3 + 2]);
  return { width, height, data: Uint8Array.from({ length: width * height }, (_, i) => brightest(i)) };
}

/** The value at a point, of the nearest pixel inside the plane; corner origin. */
export function valueAt({ width, height, data }: Plane, x: number, y: number): number {
  const column = x < 0 ? 0 : x >= width ? width - 1 : x | 0;
  const row = y < 0 ? 0 : y >= height ? height - 1 : y | 0;
  return data[row * width + column];
}

/** Relative difference of two tones, −1 to 1: positive when `outside` is brighter. Steady against noise in the dark. */
export function contrast(inside: number, outside: number): number {
  const noise = 20;
  return (outside - inside) / (outside + inside + noise);
}
