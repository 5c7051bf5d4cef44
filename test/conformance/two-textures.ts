import { blackImage, emptyMask, type Image, type Mask } from '@irisvue/vision';

/** Fibres, rings and noise on black, the same for the same seed: what a fusion blends, at any size. */
export function textureOf(seed: number, size: number): Image {
  const picture = blackImage(size, size);
  for (let y = 0, i = 0; y < size; y++)
    for (let x = 0; x < size; x++) {
      const [u, v] = [(x / size) * 512 - 256, (y / size) * 512 - 256];
      const radius = Math.hypot(u, v);
      if (radius > 235) {
        i += 3;
        continue;
      }
      const fibre = 25 * Math.sin(Math.atan2(v, u) * (40 + 7 * seed) + 3 * Math.sin(radius / 9));
      const hash = Math.sin(x * 12.9898 + y * 78.233 + seed) * 43758.5453;
      for (let c = 0; c < 3; c++, i++) {
        const ground = 120 + 40 * Math.sin(u / 37 + 2 * seed + c) + 30 * Math.cos((v / 23) * seed + c);
        const ring = 20 * Math.sin(radius / (4 + seed));
        picture.data[i] = Math.max(0, Math.min(255, ground + fibre + ring + 12 * (hash - Math.floor(hash))));
      }
    }
  return picture;
}

/** A disc in the middle of a square, its radius as a share of the side. */
export function discMask(size: number, radiusShare: number): Mask {
  const mask = emptyMask(size, size);
  for (let i = 0; i < mask.data.length; i++)
    if (Math.hypot((i % size) - size / 2, Math.floor(i / size) - size / 2) < radiusShare * size) mask.data[i] = 255;
  return mask;
}

/** Peak signal-to-noise ratio over the disc's bounding square, in dB, and the largest difference in grey levels. */
export function compare(a: Image, b: Image, radiusShare: number): { psnrDb: number; largest: number } {
  const [from, to] = [Math.round(a.width * (0.5 - radiusShare)), Math.round(a.width * (0.5 + radiusShare))];
  let [sum, largest] = [0, 0];
  for (let y = from; y < to; y++)
    for (let i = (y * a.width + from) * 3; i < (y * a.width + to) * 3; i++) {
      const difference = Math.abs(a.data[i]! - b.data[i]!);
      sum += difference * difference;
      largest = Math.max(largest, difference);
    }
  return { psnrDb: 10 * Math.log10((255 * 255) / (sum / ((to - from) ** 2 * 3))), largest };
}
