import { expect, test } from 'vitest';
import type { ClassMap } from '../src/steps/class-map.ts';
import { fitLid } from '../src/steps/fit-lid.ts';

const size = 192;
const limbus = { cx: 96, cy: 100, r: 48, e1: 0, e2: 0 };
const margin = (x: number) => 70.3 + 0.004 * (x - 90) ** 2;

/** A map that is open below the margin. */
function openBelow(height: (x: number) => number): ClassMap {
  const background = Float32Array.from({ length: size * size }, (_, i) => {
    const x = (i % size) + 0.5;
    const y = Math.floor(i / size) + 0.5;
    return Math.min(1, Math.max(0, 0.5 - (y - height(x)) / 2));
  });
  const open = background.map((p) => 1 - p);
  const none = new Float32Array(size * size);
  return { size, square: { x: 0, y: 0, side: size }, background, sclera: open, iris: none, pupil: none };
}

/** Expected heights that are off by `off` cells. */
const expectedLid = (off: number, error: number) => ({
  heights: Array.from({ length: 9 }, (_, i) => margin(limbus.cx + limbus.r * (i / 4 - 1)) + off),
  error,
});

test('an expected margin is moved to where the opening ends', () => {
  const points = fitLid(openBelow(margin), limbus, expectedLid(3.2, 2), 'upper');
  expect(points).toHaveLength(17);
  expect([points[0].x, points[16].x]).toEqual([48, 144]);
  for (const { x, y } of points) expect(Math.abs(y - margin(x))).toBeLessThan(0.15);
});

test('a lower lid is the upper one upside down', () => {
  const flipped = openBelow((x) => size - margin(x));
  const background = flipped.background.map((p) => 1 - p);
  const heights = expectedLid(-2, 2).heights.map((y) => size - y);
  const points = fitLid({ ...flipped, background }, limbus, { heights, error: 2 }, 'lower');
  for (const { x, y } of points) expect(Math.abs(y - (size - margin(x)))).toBeLessThan(0.15);
});

test('the expected margin stands where the opening ends further off than expected', () => {
  const lid = expectedLid(20, 1);
  const points = fitLid(openBelow(margin), limbus, lid, 'upper');
  expect(points.filter((_, i) => i % 2 === 0).map(({ y }) => y)).toEqual(lid.heights);
});

test('a lash that hangs in one column does not bend the margin', () => {
  const lashed = openBelow((x) => (Math.abs(x - limbus.cx) < 2 ? margin(x) + 6 : margin(x)));
  for (const { x, y } of fitLid(lashed, limbus, expectedLid(0.5, 3), 'upper')) {
    expect(Math.abs(y - margin(x))).toBeLessThan(0.3);
  }
});

test('a margin outside the map is as expected', () => {
  const heights = Array(9).fill(-20);
  const points = fitLid(openBelow(margin), limbus, { heights, error: 1 }, 'upper');
  for (const { y } of points) expect(y).toBe(-20);
});
