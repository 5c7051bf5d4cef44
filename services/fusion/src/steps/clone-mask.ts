import { FusionArrangement } from '@irisvue/contracts/irisvue/fusion/v1/fusion_service';
import { emptyMask, type Mask } from '@irisvue/vision';
import type { StandardIris } from './standard-iris.ts';

/**
 * Where the fibres of iris k are blended in, between pupil and limbus, edges smoothed by a Gaussian of 5 pixels: where
 * it has the largest share of the circle; in an overlay, where it has at least half of what it would have if all were
 * visible, so that the edge of a lid is not taken for a fibre.
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
  const enough = 255 / shares.length / 2;
  for (let y = 0, i = 0; y < size; y++)
    for (let x = 0; x < size; x++, i++) {
      const share = own[i]!;
      if (share === 0) continue;
      const squared = (x + 0.5 - cx) ** 2 + (y + 0.5 - cy) ** 2;
      if (squared > radius ** 2 || squared < pupilRadius ** 2) continue;
      const isPart =
        arrangement === FusionArrangement.OVERLAY
          ? share >= enough
          : shares.every(({ data }, other) => other === k || data[i]! < share);
      if (isPart) mask.data[i] = 255;
    }
  return smooth(mask);
}

/** Gaussian of 5 pixels (σ 1.1, binomial weights 1 4 6 4 1), first along rows, then down columns; 0 beyond the edge. */
function smooth({ width, height, data }: Mask): Mask {
  const padded = new Uint8Array(width + 4);
  // Two rows of zeros above and below, so that every row has five.
  const rows = new Uint16Array(width * (height + 4));
  for (let y = 0, i = 2 * width; y < height; y++) {
    padded.set(data.subarray(y * width, (y + 1) * width), 2);
    for (let x = 0; x < width; x++, i++)
      rows[i] = padded[x]! + padded[x + 4]! + 4 * (padded[x + 1]! + padded[x + 3]!) + 6 * padded[x + 2]!;
  }
  const smoothed = emptyMask(width, height);
  for (let i = 0; i < data.length; i++) {
    const [outer, inner] = [rows[i]! + rows[i + 4 * width]!, rows[i + width]! + rows[i + 3 * width]!];
    smoothed.data[i] = (outer + 4 * inner + 6 * rows[i + 2 * width]! + 128) >> 8;
  }
  return smoothed;
}
