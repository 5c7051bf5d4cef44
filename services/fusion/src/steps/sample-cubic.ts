import type { Image } from '@irisvue/vision';

/**
 * Writes the colour at (x, y) to out[at … at + 2]: Catmull-Rom interpolation (Keys 1981, a = −½) between pixel centres,
 * which lie on whole numbers. Black more than a pixel outside of the picture.
 */
export function sampleCubic(image: Image, x: number, y: number, out: Uint8Array, at: number): void {
  const { width, height, data } = image;
  if (!(x > -1 && y > -1 && x < width && y < height)) return;
  const left = Math.floor(x);
  const top = Math.floor(y);
  const fx = x - left;
  const fy = y - top;
  const [w0, w1, w2, w3] = [outerWeight(fx), innerWeight(fx), innerWeight(1 - fx), outerWeight(1 - fx)];
  let red = 0;
  let green = 0;
  let blue = 0;
  const isInside = left >= 1 && left + 2 < width;
  for (let row = 0; row < 4; row++) {
    const sy = top - 1 + row;
    if (sy < 0 || sy >= height) continue;
    const w =
      row === 0 ? outerWeight(fy) : row === 1 ? innerWeight(fy) : row === 2 ? innerWeight(1 - fy) : outerWeight(1 - fy);
    let i = (sy * width + left - 1) * 3;
    if (isInside) {
      red += w * (w0 * data[i]! + w1 * data[i + 3]! + w2 * data[i + 6]! + w3 * data[i + 9]!);
      green += w * (w0 * data[i + 1]! + w1 * data[i + 4]! + w2 * data[i + 7]! + w3 * data[i + 10]!);
      blue += w * (w0 * data[i + 2]! + w1 * data[i + 5]! + w2 * data[i + 8]! + w3 * data[i + 11]!);
      continue;
    }
    for (let column = 0; column < 4; column++, i += 3) {
      const sx = left - 1 + column;
      if (sx < 0 || sx >= width) continue;
      const weight = w * (column === 0 ? w0 : column === 1 ? w1 : column === 2 ? w2 : w3);
      red += weight * data[i]!;
      green += weight * data[i + 1]!;
      blue += weight * data[i + 2]!;
    }
  }
  out[at] = toByte(red);
  out[at + 1] = toByte(green);
  out[at + 2] = toByte(blue);
}

/** Weight of the pixel at distance 0 to 1. */
function innerWeight(t: number): number {
  return 1 + t * t * (1.5 * t - 2.5);
}

/** Weight of the pixel at distance 1 + t. */
function outerWeight(t: number): number {
  return -0.5 * t * (1 - t) * (1 - t);
}

function toByte(value: number): number {
  return value <= 0 ? 0 : value >= 255 ? 255 : (value + 0.5) | 0;
}
