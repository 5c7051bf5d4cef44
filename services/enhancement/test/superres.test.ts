import { fileURLToPath } from 'node:url';
import { decodePicture, encodeJpeg, type Image, resizeImage } from '@irisvue/vision';
import { beforeAll, describe, expect, test } from 'vitest';
import { lanczosUpscaler, openUpscaler, type Upscaler } from '../src/upscaler.ts';
import { discMask, psnr, renderCrop } from './rendered-crop.ts';

const modelsDir = fileURLToPath(new URL('../../../models', import.meta.url));
let model: Upscaler;
beforeAll(async () => {
  model = await openUpscaler(modelsDir, { device: 'cpu', threads: 1 });
});

describe('iris-superres', () => {
  const small = renderCrop({ seed: 12, irisColour: 'green', light: 'window' }).image;

  test('is there, and says who it is', () => {
    expect(model.method).toBe('super-resolution');
    expect(model.model?.card).toMatchObject({ name: 'iris-superres', thresholds: { receptive_radius: 14 } });
  });

  test.each([
    { scale: 4, originX: 0, originY: 0 },
    { scale: 4, originX: 1.3, originY: 2.6 },
    { scale: 2.3, originX: 1.3, originY: 2.6 },
  ])('in tiles equals one piece within a grey level: %o', async (place) => {
    const side = Math.floor((Math.min(small.width, small.height) - 3) * place.scale);
    const whole = await model.upscale(small, { ...place, x: 0, y: 0, width: side, height: side });
    const step = 97;
    let most = 0;
    for (let y = 0; y < side; y += step) {
      for (let x = 0; x < side; x += step) {
        const [width, height] = [Math.min(step, side - x), Math.min(step, side - y)];
        const tile = await model.upscale(small, { ...place, x, y, width, height });
        most = Math.max(most, largestDifference(tile, whole, x, y));
      }
    }
    expect(most).toBeLessThanOrEqual(1);
  });

  test.each(['blue', 'brown', 'grey'] as const)('is nearer to a %s iris than Lanczos', async (irisColour) => {
    const { image, geometry } = renderCrop({ seed: 21, width: 800, height: 600, irisColour, light: 'none' });
    const side = Math.floor(image.width / 4);
    const truth = await resizeImage(image, side * 4, side * 4, 'area');
    const photo = await decodePicture(await encodeJpeg(await resizeImage(truth, side, side, 'area'), 90));
    const place = { originX: 0, originY: 0, scale: 4, x: 0, y: 0, width: side * 4, height: side * 4 };
    const { cx, cy, a } = geometry.limbus;
    const shown = discMask(side * 4, cx, cy, a);
    const ours = psnr(await model.upscale(photo, place), truth, shown);
    expect(ours).toBeGreaterThan(psnr(await lanczosUpscaler.upscale(photo, place), truth, shown));
  });

  test('keeps an even colour even, and white white', async () => {
    for (const level of [0, 97, 255]) {
      const even = { width: 24, height: 24, data: new Uint8Array(24 * 24 * 3).fill(level) };
      const place = { originX: 0, originY: 0, scale: 4, x: 0, y: 0, width: 96, height: 96 };
      const { data } = await model.upscale(even, place);
      expect(Math.max(...data) - level).toBeLessThanOrEqual(2);
      expect(level - Math.min(...data)).toBeLessThanOrEqual(2);
    }
  });
});

function largestDifference(tile: Image, whole: Image, left: number, top: number): number {
  let most = 0;
  for (let y = 0; y < tile.height; y++) {
    for (let i = 0; i < tile.width * 3; i++) {
      const at = ((top + y) * whole.width + left) * 3 + i;
      most = Math.max(most, Math.abs(tile.data[y * tile.width * 3 + i] - whole.data[at]));
    }
  }
  return most;
}
