import sharp from 'sharp';
import { describe, expect, test } from 'vitest';
import { decodeMask, decodePicture, encodeJpeg, encodePng, type Image, type Mask, resizeImage } from '../src/index.ts';

const ramp = (width: number, height: number): Image => ({
  width,
  height,
  data: Uint8Array.from({ length: width * height * 3 }, (_, i) => (i * 7) % 256),
});

test('PNG gives back every byte of an image', async () => {
  const image = ramp(31, 17);
  expect(await decodePicture(await encodePng(image))).toEqual({ ...image, data: Buffer.from(image.data) });
});

test('a label map keeps its values in one channel', async () => {
  const labels: Mask = { width: 3, height: 3, data: new Uint8Array([0, 1, 2, 3, 255, 3, 2, 1, 0]) };
  const bytes = await encodePng(labels);
  expect(await sharp(bytes).metadata()).toMatchObject({ channels: 1, depth: 'uchar' });
  expect([...(await decodeMask(bytes)).data]).toEqual([...labels.data]);
});

test('a mask must have one channel', async () => {
  await expect(decodeMask(await encodePng(ramp(4, 4)))).rejects.toThrow('one 8-bit channel');
});

test('JPEG at quality 90 stays close', async () => {
  const image: Image = { width: 64, height: 64, data: new Uint8Array(64 * 64 * 3).map((_, i) => (i / 192) * 3) };
  const back = await decodePicture(await encodeJpeg(image, 90));
  const worst = back.data.reduce((most, value, i) => Math.max(most, Math.abs(value - image.data[i])), 0);
  expect(worst).toBeLessThanOrEqual(6);
});

test('bytes that fit neither image nor mask are refused', async () => {
  await expect(encodePng({ width: 2, height: 2, data: new Uint8Array(8) })).rejects.toThrow(RangeError);
});

describe('resizeImage', () => {
  test('area gives the exact mean, also for odd ratios', async () => {
    const image: Image = { width: 3, height: 1, data: new Uint8Array([0, 0, 0, 90, 90, 90, 240, 240, 240]) };
    const { data } = await resizeImage(image, 2, 1, 'area');
    expect([data[0], data[3]]).toEqual([30, 190]);
    expect([...(await resizeImage(image, 1, 1, 'area')).data]).toEqual([110, 110, 110]);
  });

  test('area does not enlarge', async () => {
    await expect(resizeImage(ramp(4, 4), 8, 4, 'area')).rejects.toThrow(RangeError);
  });

  test.each(['lanczos3', 'cubic', 'linear'] as const)(
    '%s keeps a flat picture flat, at the asked size',
    async (kernel) => {
      const flat: Image = { width: 40, height: 30, data: new Uint8Array(40 * 30 * 3).fill(77) };
      const large = await resizeImage(flat, 160, 90, kernel);
      expect([large.width, large.height]).toEqual([160, 90]);
      expect(large.data.every((value) => value === 77)).toBe(true);
    },
  );
});
