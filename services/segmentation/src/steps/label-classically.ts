import { type Image, Label, type Mask } from '@irisvue/vision';
import { type Lids, lidAt } from './find-lids.ts';
import type { Circle } from './find-pupil.ts';
import { luma } from './tones.ts';

/** Sclera is paler than this: largest less smallest channel, by the largest. */
const palest = 0.3;
/** Nothing beyond this many radii is looked at for sclera. */
const scleraReach = 1.3;

/** Labels of a crop from circles and lids in its own pixels. Sclera is what is pale and brighter than the iris around it. */
export function labelClassically(crop: Image, limbus: Circle, pupil: Circle | undefined, lids: Lids): Mask {
  const { width, height } = crop;
  const data = new Uint8Array(width * height);
  let irisSum = 0;
  let irisCount = 0;
  for (let pixel = 0; pixel < data.length; pixel++) {
    const [x, y] = centreOf(pixel, width);
    if (isBehindLid(x, y, limbus, lids) || !isInside(limbus, x, y)) continue;
    data[pixel] = pupil && isInside(pupil, x, y) ? Label.pupil : Label.iris;
    if (data[pixel] !== Label.iris) continue;
    irisSum += luma(crop.data, pixel);
    irisCount++;
  }
  const irisTone = irisCount > 0 ? irisSum / irisCount : 255;
  const reach = { ...limbus, radius: limbus.radius * scleraReach };
  for (let pixel = 0; pixel < data.length; pixel++) {
    const [x, y] = centreOf(pixel, width);
    if (isInside(limbus, x, y) || !isInside(reach, x, y) || isBehindLid(x, y, limbus, lids)) continue;
    if (isPale(crop, pixel) && luma(crop.data, pixel) > irisTone) data[pixel] = Label.sclera;
  }
  return { width, height, data };
}

function centreOf(pixel: number, width: number): readonly [number, number] {
  return [(pixel % width) + 0.5, Math.floor(pixel / width) + 0.5];
}

function isInside({ cx, cy, radius }: Circle, x: number, y: number): boolean {
  return (x - cx) ** 2 + (y - cy) ** 2 <= radius * radius;
}

function isBehindLid(x: number, y: number, limbus: Circle, { upper, lower }: Lids): boolean {
  return (upper !== undefined && y < lidAt(upper, limbus, x)) || (lower !== undefined && y > lidAt(lower, limbus, x));
}

function isPale({ data }: Image, pixel: number): boolean {
  const [r, g, b] = data.subarray(pixel * 3, pixel * 3 + 3);
  const brightest = Math.max(r, g, b);
  return brightest - Math.min(r, g, b) < palest * brightest;
}
