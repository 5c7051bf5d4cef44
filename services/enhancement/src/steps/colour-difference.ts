import { type Image, Label, type Mask } from '@irisvue/vision';
import { linearLight } from './srgb.ts';

/** CIE L*a*b*, white point D65. */
export type Lab = readonly [lightness: number, a: number, b: number];

/** sRGB values 0 to 255 as CIE L*a*b*. */
export function labOfSrgb(r: number, g: number, b: number): Lab {
  const lr = linearLight[r];
  const lg = linearLight[g];
  const lb = linearLight[b];
  const x = cubeRootOrLine((0.4124564 * lr + 0.3575761 * lg + 0.1804375 * lb) / 0.95047);
  const y = cubeRootOrLine(0.2126729 * lr + 0.7151522 * lg + 0.072175 * lb);
  const z = cubeRootOrLine((0.0193339 * lr + 0.119192 * lg + 0.9503041 * lb) / 1.08883);
  return [116 * y - 16, 500 * (x - y), 200 * (y - z)];
}

function cubeRootOrLine(t: number): number {
  return t > 216 / 24389 ? Math.cbrt(t) : (t * (24389 / 27) + 16) / 116;
}

const radians = Math.PI / 180;

/**
 * CIEDE2000 colour difference with unit weights, after Sharma, Wu and Dalal, "The CIEDE2000 color-difference formula"
 * (2005). 1 is about the least difference that can be seen.
 */
export function deltaE2000([l1, a1, b1]: Lab, [l2, a2, b2]: Lab): number {
  const meanChroma = (Math.hypot(a1, b1) + Math.hypot(a2, b2)) / 2;
  const g = 0.5 * (1 - Math.sqrt(meanChroma ** 7 / (meanChroma ** 7 + 25 ** 7)));
  const c1 = Math.hypot((1 + g) * a1, b1);
  const c2 = Math.hypot((1 + g) * a2, b2);
  const h1 = hue((1 + g) * a1, b1);
  const h2 = hue((1 + g) * a2, b2);
  const colourless = c1 * c2 === 0;

  let turn = h2 - h1;
  if (turn > 180) turn -= 360;
  if (turn < -180) turn += 360;
  const dL = l2 - l1;
  const dC = c2 - c1;
  const dH = colourless ? 0 : 2 * Math.sqrt(c1 * c2) * Math.sin((turn / 2) * radians);

  const meanL = (l1 + l2) / 2;
  const meanC = (c1 + c2) / 2;
  const meanH = meanHue(h1, h2, colourless);
  const t =
    1 -
    0.17 * Math.cos((meanH - 30) * radians) +
    0.24 * Math.cos(2 * meanH * radians) +
    0.32 * Math.cos((3 * meanH + 6) * radians) -
    0.2 * Math.cos((4 * meanH - 63) * radians);
  const sL = 1 + (0.015 * (meanL - 50) ** 2) / Math.sqrt(20 + (meanL - 50) ** 2);
  const sC = 1 + 0.045 * meanC;
  const sH = 1 + 0.015 * meanC * t;
  const rotation = 30 * Math.exp(-(((meanH - 275) / 25) ** 2));
  const rT = -Math.sin(2 * rotation * radians) * 2 * Math.sqrt(meanC ** 7 / (meanC ** 7 + 25 ** 7));
  return Math.sqrt((dL / sL) ** 2 + (dC / sC) ** 2 + (dH / sH) ** 2 + rT * (dC / sC) * (dH / sH));
}

function hue(a: number, b: number): number {
  if (a === 0 && b === 0) return 0;
  const angle = Math.atan2(b, a) / radians;
  return angle < 0 ? angle + 360 : angle;
}

function meanHue(h1: number, h2: number, colourless: boolean): number {
  if (colourless) return h1 + h2;
  if (Math.abs(h1 - h2) <= 180) return (h1 + h2) / 2;
  return h1 + h2 < 360 ? (h1 + h2 + 360) / 2 : (h1 + h2 - 360) / 2;
}

/** At most this many pixels are compared: the mean is as good and large crops cost no more. */
const sampleSize = 100_000;

/** Mean CIEDE2000 difference of the visible iris between two pictures of one size; 0 without iris pixels. */
export function meanColourShift(before: Image, after: Image, labels: Mask): number {
  const step = Math.max(1, Math.floor(labels.data.length / sampleSize));
  let sum = 0;
  let count = 0;
  for (let i = 0; i < labels.data.length; i += step) {
    if (labels.data[i] !== Label.iris) continue;
    sum += deltaE2000(labAt(before, i), labAt(after, i));
    count++;
  }
  return count > 0 ? sum / count : 0;
}

function labAt({ data }: Image, i: number): Lab {
  return labOfSrgb(data[i * 3], data[i * 3 + 1], data[i * 3 + 2]);
}
