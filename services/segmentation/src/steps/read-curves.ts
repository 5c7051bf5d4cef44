import type { IrisGeometry, LidMargin, Point } from '@irisvue/vision';
import type { ExpectedLid, ExpectedOval, EyeAnswer } from './eye-answer.ts';
import { fitDisc } from './fit-disc.ts';
import { fitLid } from './fit-lid.ts';
import { type Oval, toEllipse } from './oval.ts';
import { toPhoto } from './square.ts';

/** Least probability that the pupil can be told from the iris; below, there is no pupil in the answer. */
const leastPupilSeen = 0.5;
/** A fitted disc further from the direct answer than so many expected errors, and cells besides, is something else. */
const agreement = { errors: 3, cells: 1 } as const;
/** Half width of what confidences speak about, in limbus diameters. */
const confidentWithin = 0.02;

/** The curves of an eye, in cells of its map. */
export interface EyeCurves {
  readonly limbus: Oval;
  /** Absent when it cannot be told from the iris. */
  readonly pupil: Oval | undefined;
  readonly upperLid: readonly Point[];
  readonly lowerLid: readonly Point[];
}

/**
 * Limbus, pupil and lids of an outlined eye: each is fitted to the map, finer than its cells, starting from the direct
 * answer; where the fit and the answer do not agree within what the network expects to err, the answer stands.
 */
export function readCurves({ map, expected }: EyeAnswer): EyeCurves {
  const limbus = refined(map.limbusDisc, map.size, expected.limbus);
  const pupil = expected.pupilSeen >= leastPupilSeen ? refined(map.pupilDisc, map.size, expected.pupil) : undefined;
  return {
    limbus,
    pupil: pupil && isInside(pupil, limbus) ? pupil : undefined,
    upperLid: fitLid(map, expected.limbus, expected.upperLid, 'upper'),
    lowerLid: fitLid(map, expected.limbus, expected.lowerLid, 'lower'),
  };
}

function refined(disc: Float32Array, size: number, { error, ...direct }: ExpectedOval): Oval {
  const fitted = fitDisc(disc, size, direct);
  if (!fitted) return direct;
  const difference = Math.max(Math.hypot(fitted.cx - direct.cx, fitted.cy - direct.cy), Math.abs(fitted.r - direct.r));
  return difference <= agreement.errors * error + agreement.cells ? fitted : direct;
}

/** A pupil lies within the limbus, about in its middle; anything else is a mistake. */
function isInside(pupil: Oval, limbus: Oval): boolean {
  return pupil.r > 0 && Math.hypot(pupil.cx - limbus.cx, pupil.cy - limbus.cy) + pupil.r < 1.1 * limbus.r;
}

/** The curves in photo pixels, with what the network expects them to be worth. */
export function toGeometry(
  curves: EyeCurves,
  { map, expected }: EyeAnswer,
  photo: { readonly width: number; readonly height: number },
): IrisGeometry {
  const { square, size } = map;
  const cell = square.side / size;
  const margin = (points: readonly Point[], { error }: ExpectedLid): LidMargin => ({
    points: points.map(({ x, y }) => ({ x: square.x + x * cell, y: square.y + y * cell })),
    confidence: confidence(error, curves.limbus.r),
  });
  const { limbus, pupil } = curves;
  return {
    limbus: toEllipse(toPhoto(limbus, square, size)),
    ...(pupil && {
      pupil: toEllipse(toPhoto(pupil, square, size)),
      pupilConfidence: confidence(expected.pupil.error, limbus.r),
    }),
    frameWidth: photo.width,
    frameHeight: photo.height,
    upperLid: margin(curves.upperLid, expected.upperLid),
    lowerLid: margin(curves.lowerLid, expected.lowerLid),
    limbusConfidence: confidence(expected.limbus.error, limbus.r),
  };
}

/**
 * Probability that a curve is off by at most 2 % of the limbus's diameter, when its errors are distributed after Laplace
 * with the expected absolute error.
 */
export function confidence(error: number, limbusRadius: number): number {
  return error > 0 ? 1 - Math.exp((-confidentWithin * 2 * limbusRadius) / error) : 1;
}
