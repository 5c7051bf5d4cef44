import { FusionArrangement } from '@irisvue/contracts/irisvue/fusion/v1/fusion_service';
import { emptyMask, type Mask } from '@irisvue/vision';
import type { StandardIris } from './standard-iris.ts';

/** Weights of a Gaussian of 5 pixels (σ 1.1, binomial), in sixteenths. */
const GAUSSIAN = [1, 4, 6, 4, 1] as const;

/**
 * Where the fibres of iris k are blended in, edges smoothed by a Gaussian of 5 pixels: where it has the largest share of
 * the circle; in an overlay, wherever it has a share between pupil and limbus.
 */
export function cloneMask(
  arrangement: FusionArrangement,
  shares: readonly Mask[],
  k: number,
  standard: StandardIris,
): Mask {
  const { size, cx, cy, radius, pupilRadius } = standard;
  const mask = emptyMask(size, size);
  const own = shares[k]!.data;
  for (let y = 0, i = 0; y < size; y++)
    for (let x = 0; x < size; x++, i++) {
      const squared = (x + 0.5 - cx) ** 2 + (y + 0.5 - cy) ** 2;
      if (own[i] === 0 || squared > radius ** 2 || squared < pupilRadius ** 2) continue;
      if (
        arrangement === FusionArrangement.OVERLAY ||
        shares.every(({ data }, other) => other === k || data[i]! < own[i]!)
      )
        mask.data[i] = 255;
    }
  return smooth(mask);
}

/** Separable; the picture's outermost pixels are repeated beyond its edge. */
function smooth({ width, height, data }: Mask): Mask {
  const rows = new Uint16Array(data.length);
  const clamp = (value: number, count: number) => Math.min(count - 1, Math.max(0, value));
  for (let y = 0, i = 0; y < height; y++)
    for (let x = 0; x < width; x++, i++) {
      if (x > 1 && x < width - 2 && data[i - 2] === data[i + 2] && data[i] === data[i + 2]) rows[i] = 16 * data[i]!;
      else rows[i] = GAUSSIAN.reduce((sum, w, d) => sum + w * data[y * width + clamp(x + d - 2, width)]!, 0);
    }
  const smoothed = emptyMask(width, height);
  for (let y = 0, i = 0; y < height; y++) {
    const [a, b, c, d, e] = GAUSSIAN.map((_, k) => rows.subarray(clamp(y + k - 2, height) * width)) as [
      Uint16Array,
      Uint16Array,
      Uint16Array,
      Uint16Array,
      Uint16Array,
    ];
    for (let x = 0; x < width; x++, i++)
      smoothed.data[i] = (a[x]! + 4 * b[x]! + 6 * c[x]! + 4 * d[x]! + e[x]! + 128) >> 8;
  }
  return smoothed;
}
