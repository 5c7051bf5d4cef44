import { emptyMask, type Image, type Mask, meanRadius } from '@irisvue/vision';
import { describe, expect, test } from 'vitest';
import { continueFibres } from '../src/steps/continue-fibres.ts';
import { numberHole } from '../src/steps/hole-pixels.ts';
import { measureLight } from '../src/steps/measure-light.ts';
import { clearAt, fitProfile } from '../src/steps/rim/edge-profile.ts';
import { seeThrough } from '../src/steps/see-through.ts';
import { renderCrop } from './rendered-crop.ts';

const crop = renderCrop({ seed: 31, irisColour: 'green', light: 'none', openness: 1.3, width: 900, height: 700 });
const { limbus, pupil } = crop.geometry;
const radius = meanRadius(limbus);
const colour = [252, 253, 255];

/** A round light left of the pupil; `fade` tells its cover at a distance inside its outline, in limbus radii. */
function pasteLight(fade: (inside: number) => number, unevenness = 0): { image: Image; cover: Float32Array } {
  const data = new Uint8Array(crop.image.data);
  const cover = new Float32Array(crop.labels.data.length);
  for (let i = 0; i < cover.length; i++) {
    const x = (i % crop.image.width) + 0.5 - (limbus.cx - 0.62 * radius);
    const y = Math.floor(i / crop.image.width) + 0.5 - limbus.cy;
    const share = fade(0.11 - Math.hypot(x, y) / radius);
    if (share < 1 / 128) continue;
    cover[i] = share;
    const ripple = unevenness * Math.sin(x / 3) * Math.cos(y / 4);
    for (let c = 0; c < 3; c++) {
      const mixed = data[i * 3 + c] + share * (colour[c] - ripple - data[i * 3 + c]);
      data[i * 3 + c] = Math.round(Math.min(255, mixed));
    }
  }
  return { image: { ...crop.image, data }, cover };
}

const ramp = (inside: number): number => Math.min(1, Math.max(0, 0.5 + inside / 0.03));
/** A sharp edge out of focus: a disc of confusion crosses it. */
const outOfFocus = (inside: number): number => {
  const d = Math.min(1, Math.max(-1, inside / 0.025));
  return 0.5 + (d * Math.sqrt(1 - d * d) + Math.asin(d)) / Math.PI;
};

function holeOf(cover: Float32Array): Mask {
  const hole = emptyMask(crop.image.width, crop.image.height);
  cover.forEach((share, i) => {
    if (share > 0) hole.data[i] = 255;
  });
  return hole;
}

describe('seeThrough', () => {
  test.each([
    { name: 'straight', fade: ramp },
    { name: 'blurred', fade: outOfFocus },
  ])('tells the cover of a light with a $name edge', async ({ fade }) => {
    const { image, cover } = pasteLight(fade);
    const hole = holeOf(cover);
    const pixels = numberHole(hole, crop.labels, pupil);
    const fill = await continueFibres({ ...crop, image }, hole, pixels);
    const seen = seeThrough(image, pixels, radius)(fill);
    let [squares, count] = [0, 0];
    pixels.at.forEach((i, n) => {
      if (cover[i] < 0.1 || cover[i] > 0.9) return;
      squares += (seen.cover[n] - cover[i]) ** 2;
      count++;
    });
    expect(count).toBeGreaterThan(100);
    expect(Math.sqrt(squares / count)).toBeLessThan(0.01);
  });

  test('measures how uneven a light is', () => {
    const measured = (unevenness: number) => {
      const { image, cover } = pasteLight(outOfFocus, unevenness);
      const pixels = numberHole(holeOf(cover), crop.labels, pupil);
      return measureLight(image, pixels, [...pixels.at.keys()]);
    };
    expect(measured(0)).toEqual({ colour, unevenness: 1 });
    // The ripple has a deviation of half its height, and a mean of none.
    expect(measured(12).unevenness).toBeGreaterThan(3);
    expect(measured(12).unevenness).toBeLessThan(9);
  });
});

describe('fitProfile', () => {
  test.each([
    { box: 4, blur: 0.05, offset: 0.2 },
    { box: 0, blur: 1.5, offset: -0.3 },
    { box: 3, blur: 1, offset: 0 },
  ])('finds a box of $box and a blur of $blur pixels', (truth) => {
    const samples = Array.from({ length: 97 }, (_, i) => {
      const distance = (i - 48) / 8;
      // Iris that is not as expected, from place to place.
      return { distance, clear: clearAt(truth, distance) * (1 + 0.03 * Math.sin(5 * i)), weight: 1 };
    });
    const found = fitProfile(samples, 5);
    for (const { distance } of samples) {
      expect(Math.abs(clearAt(found, distance) - clearAt(truth, distance))).toBeLessThan(0.02);
    }
  });
});
