import type { Image, Mask } from '@irisvue/vision';

/** Peak signal-to-noise ratio over all channels, of the mask's pixels or of all, in dB; infinite for equal pictures. */
export function psnr(a: Image, b: Image, mask?: Mask): number {
  let squares = 0;
  let count = 0;
  for (let i = 0; i < a.width * a.height; i++) {
    if (mask && mask.data[i] === 0) continue;
    for (let c = i * 3; c < i * 3 + 3; c++) squares += (a.data[c] - b.data[c]) ** 2;
    count += 3;
  }
  return 10 * Math.log10(255 ** 2 / (squares / count));
}

/** Half the width of the window, and its deviation, in pixels. */
const reach = 5;
const deviation = 1.5;
const weights = Float64Array.from({ length: 2 * reach + 1 }, (_, i) =>
  Math.exp(-((i - reach) ** 2) / (2 * deviation ** 2)),
);
const weightSum = weights.reduce((sum, weight) => sum + weight, 0);
const c1 = (0.01 * 255) ** 2;
const c2 = (0.03 * 255) ** 2;

/**
 * Mean structural similarity of the luma, of the mask's pixels or of all (Wang et al. 2004: Gaussian window of 11 × 11,
 * deviation 1.5). Windows are cut at the picture's edge.
 */
export function ssim(a: Image, b: Image, mask?: Mask): number {
  const box = boundsOf(a, mask);
  const [x, y] = [lumaOf(a, box), lumaOf(b, box)];
  const product = (p: Float64Array, q: Float64Array): Float64Array => p.map((value, i) => value * q[i]);
  const blurred = (plane: Float64Array): Float64Array => blur(plane, box.width, box.height);
  const [mx, my, xx, yy, xy] = [x, y, product(x, x), product(y, y), product(x, y)].map(blurred);
  let sum = 0;
  let count = 0;
  for (let i = 0; i < mx.length; i++) {
    const at = (box.top + Math.floor(i / box.width)) * a.width + box.left + (i % box.width);
    if (mask && mask.data[at] === 0) continue;
    const covariance = xy[i] - mx[i] * my[i];
    const variances = xx[i] - mx[i] ** 2 + (yy[i] - my[i] ** 2);
    sum += ((2 * mx[i] * my[i] + c1) * (2 * covariance + c2)) / ((mx[i] ** 2 + my[i] ** 2 + c1) * (variances + c2));
    count++;
  }
  return sum / count;
}

interface Box {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** What the windows of the mask's pixels can see. */
function boundsOf({ width, height }: Image, mask: Mask | undefined): Box {
  if (!mask) return { left: 0, top: 0, width, height };
  let [left, top, right, bottom] = [width, height, 0, 0];
  for (let i = 0; i < mask.data.length; i++) {
    if (mask.data[i] === 0) continue;
    const x = i % width;
    const y = (i - x) / width;
    left = Math.min(left, x);
    right = Math.max(right, x);
    top = Math.min(top, y);
    bottom = Math.max(bottom, y);
  }
  left = Math.max(0, left - reach);
  top = Math.max(0, top - reach);
  right = Math.min(width, right + reach + 1);
  bottom = Math.min(height, bottom + reach + 1);
  return { left, top, width: right - left, height: bottom - top };
}

/** ITU-R BT.601 luma, 0 to 255. */
function lumaOf({ width, data }: Image, box: Box): Float64Array {
  const plane = new Float64Array(box.width * box.height);
  for (let i = 0; i < plane.length; i++) {
    const at = 3 * ((box.top + Math.floor(i / box.width)) * width + box.left + (i % box.width));
    plane[i] = 0.299 * data[at] + 0.587 * data[at + 1] + 0.114 * data[at + 2];
  }
  return plane;
}

/** Gaussian mean; at the edge the edge goes on. */
function blur(plane: Float64Array, width: number, height: number): Float64Array {
  const across = new Float64Array(plane.length);
  const out = new Float64Array(plane.length);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      let sum = 0;
      for (let k = -reach; k <= reach; k++) {
        sum += weights[k + reach] * plane[y * width + Math.min(width - 1, Math.max(0, x + k))];
      }
      across[y * width + x] = sum / weightSum;
    }
  }
  for (let y = 0; y < height; y++) {
    for (let k = -reach; k <= reach; k++) {
      const from = Math.min(height - 1, Math.max(0, y + k)) * width;
      const weight = weights[k + reach] / weightSum;
      for (let x = 0; x < width; x++) out[y * width + x] += weight * across[from + x];
    }
  }
  return out;
}
