import type { Ellipse } from '@irisvue/vision';
import { expect, test } from 'vitest';
import { circleOfMask } from './circle-of-mask.ts';
import { halfOf } from './half.ts';
import { ellipseError, overlap, paintEllipse } from './mask-score.ts';
import { psnr, ssim } from './picture-score.ts';

const circle = (cx: number, cy: number, r: number): Ellipse => ({ cx, cy, a: r, b: r, angleDegrees: 0 });

test('overlap is intersection over union', () => {
  const left = paintEllipse(40, 20, circle(12, 10, 6));
  const right = paintEllipse(40, 20, circle(28, 10, 6));
  expect(overlap(left, left)).toBe(1);
  expect(overlap(left, right)).toBe(0);
  const half = { ...left, data: left.data.map((value, i) => (i % 40 < 12 ? value : 0)) };
  expect(overlap(left, half)).toBe(0.5);
});

test('the circle of a mask is found also where lids cut it', () => {
  const mask = paintEllipse(200, 200, circle(103.5, 96, 60));
  const cut = { ...mask, data: mask.data.map((value, i) => (i < 200 * 62 || i > 200 * 140 ? 0 : value)) };
  for (const seen of [mask, cut]) {
    const found = circleOfMask(seen);
    expect(found?.cx).toBeCloseTo(103.5, 0);
    expect(found?.cy).toBeCloseTo(96, 0);
    expect(found?.a).toBeCloseTo(60, 0);
  }
  expect(circleOfMask({ ...mask, data: new Uint8Array(mask.data.length) })).toBeUndefined();
});

test('an ellipse error is in per cent of the iris diameter', () => {
  const error = ellipseError(circle(53, 54, 22), circle(50, 50, 20), 100);
  expect(error.centre).toBeCloseTo(5);
  expect(error.radius).toBeCloseTo(2);
});

test('the halves stay what they are', () => {
  expect(['eye-1.jpg', 'eye-2.jpg', 'eye-3.jpg', 'eye-4.jpg', 'eye-5.jpg'].map(halfOf).join('')).toBe('bbaba');
});

test('PSNR and SSIM fall as a picture is disturbed, and see the mask alone', () => {
  const plain = { width: 40, height: 40, data: Uint8Array.from({ length: 4800 }, (_, i) => (i * 7) % 200) };
  const shifted = { ...plain, data: plain.data.map((value) => value + 10) };
  expect(psnr(plain, shifted)).toBeCloseTo(20 * Math.log10(25.5));
  expect(psnr(plain, plain)).toBe(Number.POSITIVE_INFINITY);
  expect(ssim(plain, plain)).toBeCloseTo(1);
  const noisy = { ...plain, data: plain.data.map((value, i) => value + (i % 2 === 0 ? 25 : 0)) };
  expect(ssim(plain, noisy)).toBeLessThan(ssim(plain, shifted));
  const patch = paintEllipse(40, 40, circle(20, 20, 5));
  const outside = { ...plain, data: plain.data.map((value, i) => (patch.data[Math.floor(i / 3)] > 0 ? value : 0)) };
  expect(psnr(plain, outside, patch)).toBe(Number.POSITIVE_INFINITY);
});
