import type { Image, Mask } from '@irisvue/vision';

/** A rectangle of a picture, in pixels. */
export interface Region {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/**
 * The right side of 4u − Σ neighbours = f for the *correction* u that mixed gradients ask of the base, one channel.
 *
 * The wanted gradient at a pixel is the base's, or the source's where |gx − gy| of the source is the larger, weighted
 * by the mask: OpenCV's choice for MIXED_CLONE, taken over so that both engines make the same picture. (Pérez, Gangnet
 * and Blake, "Poisson Image Editing", 2003, equation 12, compare the gradients' lengths.) Minus the base's own gradient,
 * nothing is left but weight · (source − base) where the source won, and f is minus the divergence of that.
 *
 * @param weight mask of the size of `region`, 0 to 255
 * @param f written: region.width × region.height values; its outermost ones are not touched
 */
export function mixedGradients(
  base: Image,
  source: Image,
  channel: number,
  weight: Mask,
  region: Region,
  f: Float32Array,
): void {
  const { width, height } = region;
  const stride = base.width * 3;
  const q = base.data;
  const p = source.data;
  // What the row above wants, in 255ths of a grey level; the pixel to the left is carried in a variable.
  const above = new Int32Array(width);
  for (let y = 0; y < height - 1; y++) {
    let i = y * width;
    let j = (y + region.top) * stride + region.left * 3 + channel;
    let leftX = 0;
    // The pixel itself, in source and base; its right neighbour is the next one's own.
    let p0 = p[j]!;
    let q0 = q[j]!;
    for (let x = 0; x < width - 1; x++, i++, j += 3) {
      const p1 = p[j + 3]!;
      const q1 = q[j + 3]!;
      const px = p1 - p0;
      const py = p[j + stride]! - p0;
      const qx = q1 - q0;
      const qy = q[j + stride]! - q0;
      p0 = p1;
      q0 = q1;
      // All ones where the source wins, 0 where the base does: a branch here would be guessed wrong half of the time.
      const sourceWins = (Math.abs(qx - qy) - Math.abs(px - py)) >> 31;
      const w = weight.data[i]! & sourceWins;
      const dx = w * (px - qx);
      const dy = w * (py - qy);
      f[i] = (leftX - dx + above[x]! - dy) / 255;
      leftX = dx;
      above[x] = dy;
    }
  }
}
