import { type Image, Label, meanRadius } from '@irisvue/vision';
import { describe, expect, test } from 'vitest';
import { type EnhancedIris, enhance } from '../src/enhance.ts';
import type { IrisCrop } from '../src/iris-crop.ts';
import { balanceWhite, measureWhiteBalance } from '../src/steps/balance-white.ts';
import { meanColourShift } from '../src/steps/colour-difference.ts';
import { placeResult } from '../src/steps/place-result.ts';
import { raiseContrast } from '../src/steps/raise-contrast.ts';
import { lanczosUpscaler } from '../src/upscaler.ts';
import { renderCrop } from './rendered-crop.ts';

async function finish(crop: IrisCrop, maxSide = 4096): Promise<EnhancedIris> {
  let before = 0;
  for await (const event of enhance(crop, { upscaler: lanczosUpscaler, maxSide })) {
    if ('enhanced' in event) return event.enhanced;
    expect(event.fraction).toBeGreaterThanOrEqual(before);
    before = event.fraction;
  }
  throw new Error('no outcome');
}

const crop = renderCrop({ seed: 3, irisColour: 'blue', light: 'none' });

const copyOf = (image: Image): Image => ({ ...image, data: image.data.slice() });

describe('enhance', () => {
  test('gives a square around the limbus with a margin of a tenth of its radius, four times as large', async () => {
    const { image, geometry, upscaleFactor } = await finish(crop);
    const { limbus } = crop.geometry;
    expect(image.width).toBe(image.height);
    expect(image.width).toBe(Math.round(4 * 2.2 * Math.max(limbus.a, limbus.b)));
    expect(upscaleFactor).toBeCloseTo(4, 1);
    expect(geometry.limbus.cx).toBeCloseTo(image.width / 2, 3);
    expect(geometry.limbus.cy).toBeCloseTo(image.width / 2, 3);
    expect(geometry.limbus.a / image.width).toBeCloseTo(limbus.a / (2.2 * Math.max(limbus.a, limbus.b)), 4);
    expect(geometry.limbus.a / geometry.limbus.b).toBeCloseTo(limbus.a / limbus.b, 6);
    expect(geometry.pupil!.a / geometry.limbus.a).toBeCloseTo(crop.geometry.pupil!.a / limbus.a, 6);
  });

  test('shows visible iris and pupil only, on black, with a soft edge', async () => {
    const half = renderCrop({ seed: 3, irisColour: 'green', light: 'none', openness: 0.6 });
    const { image, upscaleFactor } = await finish(half);
    const place = placeResult(half.geometry, 4096);
    let soft = 0;
    let brightestOutside = 0;
    for (let y = 0, i = 0; y < image.height; y++) {
      for (let x = 0; x < image.width; x++, i++) {
        const u = Math.floor(place.originX + (x + 0.5) / place.scale);
        const v = Math.floor(place.originY + (y + 0.5) / place.scale);
        const label = half.labels.data[v * half.labels.width + u];
        const [r, g, b] = image.data.subarray(i * 3, i * 3 + 3);
        if (label < Label.iris) brightestOutside = Math.max(brightestOutside, r, g, b);
        else if (label === Label.iris && g > 4 && g < 30) soft++;
      }
    }
    // A fading edge may reach a fraction of a pixel over the label's border; skin and sclera are far brighter.
    expect(brightestOutside).toBeLessThan(24);
    expect(soft).toBeGreaterThan(upscaleFactor * image.width);
    for (const [x, y] of [
      [0, 0],
      [image.width - 1, 0],
      [0, image.height - 1],
    ]) {
      const at = (y * image.width + x) * 3;
      expect([...image.data.subarray(at, at + 3)]).toEqual([0, 0, 0]);
    }
  });

  test('gives the same pixels again', async () => {
    expect(Buffer.compare((await finish(crop)).image.data, (await finish(crop)).image.data)).toBe(0);
  });

  test.each([256, 500])('stays within a largest side of %d', async (maxSide) => {
    const { image, geometry, upscaleFactor } = await finish(crop, maxSide);
    expect(image.width).toBe(maxSide);
    expect(geometry.frameWidth).toBe(maxSide);
    expect(meanRadius(geometry.limbus)).toBeCloseTo(meanRadius(crop.geometry.limbus) * upscaleFactor, 0);
  });

  test('shrinks a crop that is larger than the result', async () => {
    const { image, upscaleFactor, geometry } = await finish(crop, 100);
    expect(image.width).toBe(100);
    expect(upscaleFactor).toBeLessThan(1);
    expect(geometry.limbus.cx).toBeCloseTo(50, 0);
  });

  test('leaves the crop as it was, also when its pixels are a Buffer as decoders give them', async () => {
    const data = Buffer.from(crop.image.data);
    const { colourShift } = await finish({ ...crop, image: { ...crop.image, data } });
    expect(Buffer.compare(data, crop.image.data)).toBe(0);
    expect(colourShift).toBeGreaterThan(0);
  });

  test('does without a pupil', async () => {
    const { limbus, frameWidth, frameHeight } = crop.geometry;
    const { geometry } = await finish({ ...crop, geometry: { limbus, frameWidth, frameHeight } });
    expect(geometry.pupil).toBeUndefined();
  });

  test.each(['brown', 'dark brown', 'hazel', 'amber', 'green', 'blue', 'grey'] as const)(
    'moves the colours of a %s iris by no more than 2 in neutral light',
    async (irisColour) => {
      const { colourShift } = await finish(renderCrop({ seed: 40, irisColour, light: 'none' }));
      expect(colourShift).toBeGreaterThan(0.05);
      expect(colourShift).toBeLessThan(2);
    },
  );
});

describe('white balance', () => {
  const tinted = (red: number, blue: number): Image => ({
    ...crop.image,
    data: crop.image.data.map((v, at) => Math.round(Math.min(255, v * (at % 3 === 0 ? red : at % 3 === 2 ? blue : 1)))),
  });

  test('brings a tinted eye closer to what it was', () => {
    const warm = tinted(1.12, 0.85);
    const gains = measureWhiteBalance(warm, crop.labels)!;
    expect(gains[0]).toBeLessThan(1);
    expect(gains[2]).toBeGreaterThan(1);
    const balanced = copyOf(warm);
    balanceWhite(balanced, gains);
    expect(meanColourShift(balanced, crop.image, crop.labels)).toBeLessThan(
      0.7 * meanColourShift(warm, crop.image, crop.labels),
    );
  });

  test('stays within its bound', () => {
    const gains = measureWhiteBalance(tinted(1.22, 0.8), crop.labels)!;
    expect(Math.max(...gains) / Math.min(...gains)).toBeLessThanOrEqual(1.2 ** 2 + 1e-9);
  });

  test('does not believe a sclera in coloured light', () => {
    expect(measureWhiteBalance(tinted(1, 0.4), crop.labels)).toBeUndefined();
  });

  test('does not judge by a few pixels', () => {
    const labels = { ...crop.labels, data: crop.labels.data.map((v) => (v === Label.sclera ? Label.other : v)) };
    expect(measureWhiteBalance(crop.image, labels)).toBeUndefined();
  });
});

describe('raiseContrast', () => {
  const radius = meanRadius(crop.geometry.limbus);
  const raised = copyOf(crop.image);
  raiseContrast(raised, crop.labels, radius);
  const deviation = ({ data }: Image) => {
    const values = Array.from(crop.labels.data.keys())
      .filter((i) => crop.labels.data[i] === Label.iris)
      .map((i) => data[i * 3 + 1]);
    const mean = values.reduce((sum, v) => sum + v, 0) / values.length;
    return Math.sqrt(values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / values.length);
  };

  test('raises the contrast of the iris and touches nothing else', () => {
    expect(deviation(raised)).toBeGreaterThan(1.05 * deviation(crop.image));
    expect(deviation(raised)).toBeLessThan(1.6 * deviation(crop.image));
    const elsewhere = ({ data }: Image) => data.filter((_, at) => crop.labels.data[Math.floor(at / 3)] !== Label.iris);
    expect(Buffer.compare(elsewhere(raised), elsewhere(crop.image))).toBe(0);
  });

  test('leaves a flat iris flat', () => {
    const flat = { ...crop.image, data: crop.image.data.map((_, at) => [90, 120, 140][at % 3]) };
    const raisedFlat = copyOf(flat);
    raiseContrast(raisedFlat, crop.labels, radius);
    const moved = raisedFlat.data.map((value, at) => Math.abs(value - flat.data[at]));
    expect(moved.some((step) => step > 1)).toBe(false);
  });
});
