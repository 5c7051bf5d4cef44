import { type Ellipse, emptyMask, Label, type Mask } from '@irisvue/vision';
import { describe, expect, test } from 'vitest';
import { fitLidCurves } from '../src/steps/lid-curves.ts';

const limbus: Ellipse = { cx: 130, cy: 130, a: 100, b: 100, angleDegrees: 0 };

/** The upper lid of these tests: an arch, highest at the middle. */
const arch = (x: number) => 75 + 0.0025 * (x - 130) ** 2;

/** Iris inside the limbus and below a border. */
function labelsBelow(border: (x: number) => number): Mask {
  const labels = emptyMask(260, 260);
  for (let i = 0; i < labels.data.length; i++) {
    const x = (i % 260) + 0.5;
    const y = Math.floor(i / 260) + 0.5;
    if (Math.hypot(x - limbus.cx, y - limbus.cy) < limbus.a && y > border(x)) labels.data[i] = Label.iris;
  }
  return labels;
}

/** Where the curve lies in a column. */
function edgeAt(depth: (x: number, y: number) => number, x: number): number {
  let y = 0;
  while (depth(x, y) < 0) y += 0.1;
  return y;
}

describe('fitLidCurves', () => {
  test('finds no lid where the limbus is the border', () => {
    expect(
      fitLidCurves(
        labelsBelow(() => 0),
        limbus,
      ),
    ).toEqual([]);
  });

  test('follows a lid', () => {
    const [upper, ...others] = fitLidCurves(labelsBelow(arch), limbus);
    expect(others).toEqual([]);
    for (let x = 60; x <= 200; x += 10) expect(Math.abs(edgeAt(upper, x) - arch(x))).toBeLessThan(2);
    expect(upper(130, 130)).toBeGreaterThan(40);
  });

  test('is smooth and stays inside a border that wavers', () => {
    const [upper] = fitLidCurves(
      labelsBelow((x) => arch(x) + 4 * Math.sin(x / 3)),
      limbus,
    );
    for (let x = 60; x <= 200; x += 10) {
      const below = edgeAt(upper, x) - arch(x);
      expect(below).toBeGreaterThan(1.5);
      expect(below).toBeLessThan(6);
    }
  });

  test('is not bent by a lash', () => {
    const [upper] = fitLidCurves(
      labelsBelow((x) => (Math.abs(x - 150) < 4 ? 120 : arch(x))),
      limbus,
    );
    for (let x = 60; x <= 200; x += 10) expect(Math.abs(edgeAt(upper, x) - arch(x))).toBeLessThan(2.5);
  });

  test('finds the lower lid as it finds the upper', () => {
    const upside = labelsBelow(arch);
    upside.data.reverse();
    const [lower] = fitLidCurves(upside, limbus);
    const [upper] = fitLidCurves(labelsBelow(arch), limbus);
    for (const [x, y] of [
      [90, 90],
      [130, 70],
      [160, 200],
    ]) {
      expect(lower(260 - x, 260 - y)).toBeCloseTo(upper(x, y), 1);
    }
  });
});
