import { expect, test } from 'vitest';
import type { EyeAnswer } from '../src/steps/eye-answer.ts';
import type { Oval } from '../src/steps/oval.ts';
import { readCurves } from '../src/steps/read-curves.ts';
import { paintDisc } from './painted-eye.ts';

const size = 160;
const limbus: Oval = { cx: 80, cy: 80, r: 40, e1: 0, e2: 0 };
const pupil: Oval = { ...limbus, r: 12 };

/** A look that sees limbus and pupil, and expects its pupil to be off by a share of the pupil's radius. */
function look(pupilError: number): EyeAnswer {
  const [limbusDisc, pupilDisc] = [paintDisc(limbus, size), paintDisc(pupil, size)];
  const sclera = limbusDisc.map((inside) => 1 - inside);
  const iris = limbusDisc.map((inside, i) => inside - pupilDisc[i]);
  const background = new Float32Array(size * size);
  const lid = { heights: Array(9).fill(40), error: 1 };
  return {
    map: {
      size,
      square: { x: 0, y: 0, side: size },
      background,
      sclera,
      iris,
      pupil: pupilDisc,
      limbusDisc,
      pupilDisc,
    },
    expected: {
      presence: 1,
      limbus: { ...limbus, error: 1 },
      pupil: { ...pupil, error: pupilError * pupil.r },
      upperLid: lid,
      lowerLid: lid,
    },
  };
}

test.each([
  ['is told when both looks expect little of an error', 0.13, 0.13, true],
  ['is not told when the wide look expects more', 0.15, 0.05, false],
  ['is not told when the close look expects more', 0.05, 0.15, false],
])('a pupil %s', (_what, wide, close, isTold) => {
  const curves = readCurves({ wide: look(wide), close: look(close) });
  expect(curves.limbus.r).toBeCloseTo(limbus.r, 0);
  if (!isTold) return expect(curves.pupil).toBeUndefined();
  expect(Math.abs((curves.pupil?.r ?? 0) - pupil.r)).toBeLessThan(0.1);
});
