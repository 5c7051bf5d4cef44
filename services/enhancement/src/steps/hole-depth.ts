import type { HolePixels } from './hole-pixels.ts';

/**
 * Distance of each pixel of a hole to the nearest pixel outside, in pixels (chessboard-corrected, steps of 1 and √2,
 * Borgefors 1986): 1 at the rim.
 */
export function depthsInside(width: number, hole: HolePixels): Float32Array {
  const depths = new Float32Array(hole.count).fill(Number.POSITIVE_INFINITY);
  const lower = (n: number, dx: number, dy: number, step: number): void => {
    const neighbour = hole.numberAt((hole.at[n] % width) + dx, Math.floor(hole.at[n] / width) + dy);
    depths[n] = Math.min(depths[n], (neighbour < 0 ? 0 : depths[neighbour]) + step);
  };
  const sweep = (n: number, sign: 1 | -1): void => {
    lower(n, -sign, 0, 1);
    lower(n, 0, -sign, 1);
    lower(n, -sign, -sign, Math.SQRT2);
    lower(n, sign, -sign, Math.SQRT2);
  };
  for (let n = 0; n < hole.count; n++) sweep(n, 1);
  for (let n = hole.count - 1; n >= 0; n--) sweep(n, -1);
  return depths;
}
