import type { Image, Mask } from '@irisvue/vision';
import { describe, expect, test } from 'vitest';
import { cloneMixed, maskedRegion } from '../src/poisson/clone-mixed.ts';
import { erodeThrice } from '../src/poisson/erode.ts';

const SIZE = 120;

/** A picture of SIZE × SIZE from a grey level. */
function picture(grey: (x: number, y: number) => number): Image {
  const data = new Uint8Array(SIZE * SIZE * 3);
  for (let i = 0; i < SIZE * SIZE; i++) data.fill(Math.round(grey(i % SIZE, Math.floor(i / SIZE))), 3 * i, 3 * i + 3);
  return { width: SIZE, height: SIZE, data };
}

function maskOf(isIn: (x: number, y: number) => boolean): Mask {
  const data = Uint8Array.from({ length: SIZE * SIZE }, (_, i) => (isIn(i % SIZE, Math.floor(i / SIZE)) ? 255 : 0));
  return { width: SIZE, height: SIZE, data };
}

const fromCentre = (x: number, y: number) => Math.hypot(x - SIZE / 2, y - SIZE / 2);
const disc = maskOf((x, y) => fromCentre(x, y) < 50);
const waves = picture((x, y) => 120 + 60 * Math.sin(x / 7) * Math.cos(y / 5));
const largestDifference = (a: Image, b: Image) =>
  a.data.reduce((largest, value, i) => Math.max(largest, Math.abs(value - b.data[i]!)), 0);

describe('cloneMixed', () => {
  test('a picture blended into itself is unchanged', () => {
    expect(cloneMixed(waves, waves, disc).data).toEqual(waves.data);
  });

  test('a source without gradients changes nothing', () => {
    expect(
      cloneMixed(
        waves,
        picture(() => 250),
        disc,
      ).data,
    ).toEqual(waves.data);
  });

  test('an empty mask, a mask of one pixel and one on the edge alone change nothing', () => {
    const other = picture((x) => x * 2);
    for (const mask of [
      maskOf(() => false),
      maskOf((x, y) => x === 60 && y === 60),
      maskOf((x, y) => x === 0 || y === 0 || x === SIZE - 1 || y === SIZE - 1),
    ])
      expect(cloneMixed(waves, other, mask).data).toEqual(waves.data);
  });

  test('a bump on any ground comes out as the same bump on the ground of the base', () => {
    const bump = (x: number, y: number) => Math.max(0, 90 * Math.cos((Math.PI * Math.min(40, fromCentre(x, y))) / 80));
    const blended = cloneMixed(
      picture(() => 40),
      picture((x, y) => 130 + bump(x, y)),
      disc,
    );
    // Off by some levels where the gradient runs along the diagonal: OpenCV's |gx − gy| is blind to it, and so are we.
    const expected = picture((x, y) => 40 + bump(x, y));
    expect(largestDifference(blended, expected)).toBeLessThanOrEqual(10);
    const sum = blended.data.reduce((total, value, i) => total + Math.abs(value - expected.data[i]!), 0);
    expect(sum / blended.data.length).toBeLessThan(1.5);
  });

  test('values beyond 0 and 255 are clipped', () => {
    const bump = (x: number, y: number) => Math.max(0, 100 - 2.5 * fromCentre(x, y));
    const blended = cloneMixed(
      picture(() => 240),
      picture(bump),
      disc,
    );
    expect(blended.data[(60 * SIZE + 60) * 3]).toBe(255);
    expect(
      cloneMixed(
        picture(() => 10),
        picture((x, y) => 200 - bump(x, y)),
        disc,
      ).data[(60 * SIZE + 60) * 3],
    ).toBe(0);
  });

  test('nothing outside the bounding rectangle of the mask changes, and its border neither', () => {
    const mask = maskOf((x, y) => x >= 20 && x < 57 && y >= 31 && y < 90);
    const blended = cloneMixed(
      waves,
      picture((x, y) => (x * 13 + y * 7) % 256),
      mask,
    );
    const inside = maskOf((x, y) => x > 20 && x < 56 && y > 31 && y < 89);
    const changed = waves.data.findIndex(
      (value, i) => value !== blended.data[i] && inside.data[Math.floor(i / 3)] === 0,
    );
    expect(changed).toBe(-1);
    expect(largestDifference(blended, waves)).toBeGreaterThan(10);
  });

  test('the inputs are left as they are, and the same bytes come out again', () => {
    const base = { ...waves, data: Uint8Array.from(waves.data) };
    const source = picture((x, y) => (x * 31 + y * 17) % 200);
    const first = cloneMixed(base, source, disc);
    expect(cloneMixed(base, source, disc).data).toEqual(first.data);
    expect(base.data).toEqual(waves.data);
  });
});

test('maskedRegion bounds what is not 0 and leaves the outermost pixels out', () => {
  expect(maskedRegion(maskOf((x, y) => x < 30 && y >= 110))).toEqual({ left: 1, top: 110, width: 29, height: 9 });
  expect(maskedRegion(maskOf(() => false))).toEqual({ left: 0, top: 0, width: 0, height: 0 });
});

test.each([
  [1, 1],
  [5, 9],
  [40, 33],
])('erodeThrice takes the smallest of 7 × 7 on %i × %i', (width, height) => {
  const data = Uint8Array.from({ length: width * height }, (_, i) => (i * 7919 + ((i * i) % 251)) % 256);
  const eroded = erodeThrice({ width, height, data });
  const expected = Array.from(data, (_, i) => {
    let smallest = 255;
    for (let y = 0; y < height; y++)
      for (let x = 0; x < width; x++)
        if (Math.abs(x - (i % width)) <= 3 && Math.abs(y - Math.floor(i / width)) <= 3)
          smallest = Math.min(smallest, data[y * width + x]!);
    return smallest;
  });
  expect([...eroded.data]).toEqual(expected);
});
