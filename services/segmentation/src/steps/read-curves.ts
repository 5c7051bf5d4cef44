import type { IrisGeometry, LidMargin, Point } from '@irisvue/vision';
import type { ExpectedLid, ExpectedOval } from './eye-answer.ts';
import { type Border, fitDisc } from './fit-disc.ts';
import { fitLid } from './fit-lid.ts';
import type { EyeLooks } from './outline-eye.ts';
import { type Oval, toEllipse } from './oval.ts';
import { toCells, toPhoto } from './square.ts';

/**
 * Largest error that either look may expect of a pupil, in shares of its radius; beyond, the pupil cannot be told from the
 * iris and there is none in the answer.
 */
const mostPupilError = 0.14;
/** A fitted disc further from the direct answer than so many expected errors, and cells besides, is something else. */
const agreement = { errors: 3, cells: 1 } as const;
/** A cornea is wider than high, 11.7 by 10.6 to 11.2 mm in adults, and seldom seen straight; a pupil is round. */
const limbusShape = { e1: 0.006, e2: 0 } as const;
const pupilShape = { e1: 0, e2: 0 } as const;
/** Half width of what confidences speak about, in limbus diameters. */
const confidentWithin = 0.02;

/** The curves of an eye, in cells of the close look's map. */
export interface EyeCurves {
  readonly limbus: Oval;
  /** Absent when it cannot be told from the iris. */
  readonly pupil: Oval | undefined;
  readonly upperLid: readonly Point[];
  readonly lowerLid: readonly Point[];
}

/**
 * Limbus and pupil of an outlined eye from the wide look, lids from the close one: each is fitted to the map, finer than
 * its cells, starting from the direct answer; where the fit and the answer do not agree within what the network expects to
 * err, the answer stands.
 */
export function readCurves({ wide, close }: EyeLooks): EyeCurves {
  const { map, expected } = wide;
  const limbus = refined(map.limbusDisc, map.size, expected.limbus, {
    inner: map.iris,
    outer: map.sclera,
    shape: limbusShape,
  });
  const pupilError = Math.max(relativeError(expected.pupil), relativeError(close.expected.pupil));
  const pupilBorder: Border = { inner: map.pupil, outer: map.iris, shape: pupilShape };
  const pupil =
    pupilError <= mostPupilError ? refined(map.pupilDisc, map.size, expected.pupil, pupilBorder) : undefined;
  const closer = (oval: Oval): Oval => toCells(toPhoto(oval, map.square, map.size), close.map.square, close.map.size);
  return {
    limbus: closer(limbus),
    pupil: pupil && isInside(pupil, limbus) ? closer(pupil) : undefined,
    upperLid: fitLid(close.map, close.expected.limbus, close.expected.upperLid, 'upper'),
    lowerLid: fitLid(close.map, close.expected.limbus, close.expected.lowerLid, 'lower'),
  };
}

function relativeError({ error, r }: ExpectedOval): number {
  return r > 0 ? error / r : Number.POSITIVE_INFINITY;
}

function refined(disc: Float32Array, size: number, { error, ...direct }: ExpectedOval, border: Border): Oval {
  const fitted = fitDisc(disc, size, direct, border);
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
  { wide, close }: EyeLooks,
  photo: { readonly width: number; readonly height: number },
): IrisGeometry {
  const { square, size } = close.map;
  const cell = square.side / size;
  const { r } = wide.expected.limbus;
  const margin = (points: readonly Point[], { error }: ExpectedLid): LidMargin => ({
    points: points.map(({ x, y }) => ({ x: square.x + x * cell, y: square.y + y * cell })),
    confidence: confidence(error, curves.limbus.r),
  });
  const { limbus, pupil } = curves;
  return {
    limbus: toEllipse(toPhoto(limbus, square, size)),
    ...(pupil && {
      pupil: toEllipse(toPhoto(pupil, square, size)),
      pupilConfidence: confidence(wide.expected.pupil.error, r),
    }),
    frameWidth: photo.width,
    frameHeight: photo.height,
    upperLid: margin(curves.upperLid, close.expected.upperLid),
    lowerLid: margin(curves.lowerLid, close.expected.lowerLid),
    limbusConfidence: confidence(wide.expected.limbus.error, r),
  };
}

/**
 * Probability that a curve is off by at most 2 % of the limbus's diameter, when its errors are distributed after Laplace
 * with the expected absolute error.
 */
export function confidence(error: number, limbusRadius: number): number {
  return error > 0 ? 1 - Math.exp((-confidentWithin * 2 * limbusRadius) / error) : 1;
}
