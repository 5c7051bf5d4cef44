import type { Ellipse } from '@irisvue/vision';
import { describe, expect, test } from 'vitest';
import { fitCircle } from '../src/steps/fit-circle.ts';
import { distanceFrom, fitEllipse, type Point } from '../src/steps/fit-ellipse.ts';
import { fitTrimmed } from '../src/steps/fit-trimmed.ts';

/** Points on an ellipse from one angle to another, in degrees of its own parameter. */
function arc({ cx, cy, a, b, angleDegrees }: Ellipse, from = 0, to = 360, count = 60): Point[] {
  const turn = (angleDegrees * Math.PI) / 180;
  return Array.from({ length: count }, (_, i) => {
    const t = ((from + ((to - from) * i) / count) * Math.PI) / 180;
    const along = a * Math.cos(t);
    const across = b * Math.sin(t);
    return {
      x: cx + along * Math.cos(turn) - across * Math.sin(turn),
      y: cy + along * Math.sin(turn) + across * Math.cos(turn),
    };
  });
}

function expectSame(found: Ellipse | undefined, { cx, cy, a, b, angleDegrees }: Ellipse, digits = 4): void {
  expect(found?.cx).toBeCloseTo(cx, digits);
  expect(found?.cy).toBeCloseTo(cy, digits);
  expect(found?.a).toBeCloseTo(a, digits);
  expect(found?.b).toBeCloseTo(b, digits);
  // An ellipse is the same after half a turn.
  expect(Math.abs(Math.sin(((found!.angleDegrees - angleDegrees) * Math.PI) / 180))).toBeLessThan(10 ** -digits);
}

const tilted: Ellipse = { cx: 812.5, cy: 431.25, a: 207, b: 180, angleDegrees: 33 };

describe('fitEllipse', () => {
  test.each([0, 33, 90, 140])('finds an ellipse turned by %i degrees, long axis first', (angleDegrees) => {
    expectSame(fitEllipse(arc({ ...tilted, angleDegrees })), { ...tilted, angleDegrees });
  });

  test('finds it from its two sides alone, as between lids', () => {
    const sides = [...arc(tilted, -40, 30), ...arc(tilted, 150, 220)];
    expectSame(fitEllipse(sides), tilted);
  });

  test('gives nothing for points on a line or too few', () => {
    expect(fitEllipse(Array.from({ length: 30 }, (_, i) => ({ x: i, y: 2 * i })))).toBeUndefined();
    expect(fitEllipse(arc(tilted).slice(0, 7))).toBeUndefined();
  });
});

test('a trimmed fit ignores the lid across the iris and says how much it rests on', () => {
  const lid = Array.from({ length: 12 }, (_, i) => ({ x: 740 + i * 12, y: 330 }));
  const fit = fitTrimmed([...arc(tilted, -30, 210, 100), ...lid]);
  expectSame(fit?.ellipse, tilted, 1);
  expect(fit?.inlierShare).toBeCloseTo(100 / 112, 1);
});

test('a circle is found through half of it, outliers aside', () => {
  const circle: Ellipse = { cx: 50, cy: 60, a: 20, b: 20, angleDegrees: 0 };
  expectSame(fitCircle([...arc(circle, 0, 180), { x: 0, y: 0 }, { x: 90, y: 5 }], 0.01), circle, 3);
});

test('the distance is 0 on the ellipse, −1 at its centre, 1 at twice its size', () => {
  const distance = distanceFrom(tilted);
  for (const point of arc(tilted)) expect(distance(point.x, point.y)).toBeCloseTo(0, 9);
  expect(distance(tilted.cx, tilted.cy)).toBe(-1);
  for (const point of arc({ ...tilted, a: 414, b: 360 })) expect(distance(point.x, point.y)).toBeCloseTo(1, 9);
});
