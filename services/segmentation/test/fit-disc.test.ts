import { describe, expect, test } from 'vitest';
import { type Border, findCrossings, fitDisc } from '../src/steps/fit-disc.ts';
import { type Oval, radiusTowards, toEllipse } from '../src/steps/oval.ts';
import { paintDisc, seededNoise } from './painted-eye.ts';

const size = 192;
const truth: Oval = { cx: 97.3, cy: 92.8, r: 48.4, e1: 0.03, e2: -0.025 };
/** As far off as a network's direct answer may be. */
const start: Oval = { cx: 98.9, cy: 91.6, r: 47.1, e1: 0, e2: 0 };

/** A border that is seen all around, of the shape that it has. */
const allSeen: Border = {
  inner: new Float32Array(size * size).fill(1),
  outer: new Float32Array(size * size).fill(1),
  shape: truth,
};

/** Largest distance between the borders of two ovals, in cells. */
function farthest(found: Oval | undefined, wanted: Oval): number {
  if (!found) return Number.POSITIVE_INFINITY;
  const radius = radiusTowards(found);
  const right = radiusTowards(wanted);
  const centre = Math.hypot(found.cx - wanted.cx, found.cy - wanted.cy);
  const angles = Array.from({ length: 72 }, (_, k) => (k * Math.PI) / 36);
  return centre + Math.max(...angles.map((angle) => Math.abs(radius(angle) - right(angle))));
}

describe('fitDisc', () => {
  test.each([
    ['a circle', { ...truth, e1: 0, e2: 0 }],
    ['a slanted ellipse', truth],
    ['a long ellipse', { ...truth, e1: -0.1, e2: 0.06 }],
  ])('finds %s within a tenth of a cell', (_what, wanted) => {
    expect(farthest(fitDisc(paintDisc(wanted, size), size, start, allSeen), wanted)).toBeLessThan(0.1);
  });

  test('is not moved by a lid that cuts the disc', () => {
    const plane = paintDisc(truth, size);
    plane.fill(0, 0, Math.round(truth.cy - 0.62 * truth.r) * size);
    expect(farthest(fitDisc(plane, size, start, allSeen), truth)).toBeLessThan(0.1);
  });

  test('is not moved by noise, nor by a highlight over the border', () => {
    const noise = seededNoise(7);
    const plane = paintDisc(truth, size).map((p) => Math.min(1, Math.max(0, p + 0.3 * (noise() - 0.5))));
    for (let y = 80; y < 95; y++) plane.fill(0, y * size + 138, y * size + 150);
    expect(farthest(fitDisc(plane, size, start, allSeen), truth)).toBeLessThan(0.25);
    const { cx, cy, r } = fitDisc(plane, size, start, allSeen)!;
    expect(Math.hypot(cx - truth.cx, cy - truth.cy)).toBeLessThan(0.1);
    expect(Math.abs(r - truth.r)).toBeLessThan(0.1);
  });

  test('finds a disc that leaves the square from the part inside', () => {
    const wanted = { ...truth, cx: 20 };
    expect(farthest(fitDisc(paintDisc(wanted, size), size, { ...start, cx: 21.5 }, allSeen), wanted)).toBeLessThan(
      0.25,
    );
  });

  test('believes a border that is seen rather than one behind a lid', () => {
    // The upper part is hidden, and guessed to reach further than it does.
    const hidden = Math.round(truth.cy - 0.5 * truth.r) * size;
    const guessed = paintDisc({ ...truth, r: truth.r + 2 }, size);
    const plane = paintDisc(truth, size).map((p, i) => (i < hidden ? guessed[i] : p));
    const seenBelow = allSeen.inner.map((_, i) => (i < hidden ? 0 : 1));
    const believed = fitDisc(plane, size, start, { ...allSeen, inner: seenBelow, outer: seenBelow });
    expect(farthest(believed, truth)).toBeLessThan(0.6 * farthest(fitDisc(plane, size, start, allSeen), truth));
  });

  test('finds nothing where there is nothing', () => {
    expect(fitDisc(new Float32Array(size * size), size, start, allSeen)).toBeUndefined();
    expect(fitDisc(new Float32Array(size * size).fill(1), size, start, allSeen)).toBeUndefined();
  });
});

test('a blurred border is less steep than a sharp one', () => {
  const mean = (plane: Float32Array) => {
    const crossings = findCrossings(plane, size, start);
    return crossings.reduce((sum, { steepness }) => sum + steepness, 0) / crossings.length;
  };
  expect(mean(paintDisc(truth, size, 1))).toBeGreaterThan(2 * mean(paintDisc(truth, size, 4)));
});

test('an oval has the axes, the angle and the radii of its ellipse', () => {
  const { a, b, angleDegrees } = toEllipse({ cx: 0, cy: 0, r: 10, e1: 0, e2: 0.2 });
  expect(Math.sqrt(a * b)).toBeCloseTo(10, 9);
  expect((a - b) / (a + b)).toBeCloseTo(0.2, 9);
  expect(angleDegrees).toBeCloseTo(45, 9);
  const radius = radiusTowards({ cx: 0, cy: 0, r: 10, e1: 0, e2: 0.2 });
  expect(radius(Math.PI / 4)).toBeCloseTo(a, 9);
  expect(radius((3 * Math.PI) / 4)).toBeCloseTo(b, 9);
});
