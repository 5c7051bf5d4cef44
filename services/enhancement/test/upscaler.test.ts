import { fileURLToPath } from 'node:url';
import { type Image, resizeImage } from '@irisvue/vision';
import { describe, expect, test } from 'vitest';
import { type Region, resample } from '../src/steps/resample.ts';
import { lanczosUpscaler, openUpscaler, type Upscaler, upscalerFor } from '../src/upscaler.ts';
import { renderCrop } from './rendered-crop.ts';

const modelsDir = fileURLToPath(new URL('models', import.meta.url));
const share = { device: 'cpu', threads: 1 } as const;
const { image } = renderCrop({ seed: 8, width: 160, height: 120 });
const whole = { originX: 1.3, originY: 2.6, scale: 3.7, x: 0, y: 0, width: 260, height: 240 };

/** The same rectangle drawn in tiles. */
async function inTiles(upscaler: Upscaler, region: Region, step: number): Promise<Image> {
  const data = new Uint8Array(region.width * region.height * 3);
  for (let y = 0; y < region.height; y += step) {
    for (let x = 0; x < region.width; x += step) {
      const [width, height] = [Math.min(step, region.width - x), Math.min(step, region.height - y)];
      const tile = await upscaler.upscale(image, { ...region, x, y, width, height });
      for (let row = 0; row < height; row++) {
        data.set(tile.data.subarray(row * width * 3, (row + 1) * width * 3), ((y + row) * region.width + x) * 3);
      }
    }
  }
  return { width: region.width, height: region.height, data };
}

const largestDifference = (a: Image, b: Image) =>
  a.data.reduce((most, value, at) => Math.max(most, Math.abs(value - b.data[at])), 0);

describe('Lanczos', () => {
  test.each([37, 100])('in tiles of %d is the same as in one piece', async (step) => {
    expect(largestDifference(await inTiles(lanczosUpscaler, whole, step), resample(image, whole))).toBe(0);
  });

  test('at half the size agrees with libvips', async () => {
    const even = resample(image, { originX: 0, originY: 0, scale: 1, x: 0, y: 0, width: 80, height: 72 });
    const ours = resample(even, { originX: 0, originY: 0, scale: 0.5, x: 0, y: 0, width: 40, height: 36 });
    const theirs = await resizeImage(even, 40, 36, 'lanczos3');
    expect(largestDifference(ours, theirs)).toBeLessThanOrEqual(2);
  });

  test('keeps a straight ramp straight when it enlarges', () => {
    const ramp = {
      width: 32,
      height: 8,
      data: Uint8Array.from({ length: 32 * 8 * 3 }, (_, at) => 8 * (Math.floor(at / 3) % 32)),
    };
    const { data } = resample(ramp, { originX: 0, originY: 0, scale: 4, x: 0, y: 0, width: 128, height: 32 });
    for (let x = 16; x < 112; x++) expect(Math.abs(data[x * 3] - (8 * ((x + 0.5) / 4) - 4))).toBeLessThanOrEqual(1.5);
  });

  test('at ×1 changes nothing', () => {
    const region = { originX: 0, originY: 0, scale: 1, x: 0, y: 0, width: image.width, height: image.height };
    expect(Buffer.from(resample(image, region).data)).toEqual(Buffer.from(image.data));
  });
});

describe('openUpscaler', () => {
  test('is Lanczos without a model', async () => {
    expect(await openUpscaler('/no/models/here', share)).toBe(lanczosUpscaler);
  });

  test('is the model when its folder is there', async () => {
    const upscaler = await openUpscaler(modelsDir, share);
    expect(upscaler.method).toBe('super-resolution');
    expect(upscaler.model?.card).toMatchObject({ name: 'iris-superres', version: '0' });
    const region = { originX: 0, originY: 0, scale: 4, x: 40, y: 20, width: 16, height: 8 };
    const { data } = await upscaler.upscale(image, region);
    // The test's model makes a block of 4 × 4 of each pixel.
    for (let y = 0; y < 8; y++) {
      for (let x = 0; x < 16; x++) {
        const source = (Math.floor((20 + y) / 4) * image.width + Math.floor((40 + x) / 4)) * 3;
        const at = (y * 16 + x) * 3;
        expect([...data.subarray(at, at + 3)]).toEqual([...image.data.subarray(source, source + 3)]);
      }
    }
  });

  test('gives way to Lanczos below ×2, where it would take long and show nothing more', async () => {
    const upscaler = await openUpscaler(modelsDir, share);
    expect(upscalerFor(4, upscaler)).toBe(upscaler);
    expect(upscalerFor(2, upscaler)).toBe(upscaler);
    expect(upscalerFor(1.9, upscaler)).toBe(lanczosUpscaler);
  });

  test('its tiles fit together within a grey level, also at other scales and at the edge', async () => {
    const upscaler = await openUpscaler(modelsDir, share);
    expect(
      largestDifference(await inTiles(upscaler, whole, 70), await upscaler.upscale(image, whole)),
    ).toBeLessThanOrEqual(1);
  });
});
