import { create } from '@bufbuild/protobuf';
import {
  type IrisGeometry as IrisGeometryMessage,
  IrisGeometrySchema,
} from '@irisvue/contracts/irisvue/media/v1/media';

/**
 * An ellipse in pixels. Corner origin: pixel i covers [i, i + 1), y points down.
 * `a` lies along `angleDegrees` (from +x towards +y), `b` across it.
 */
export interface Ellipse {
  readonly cx: number;
  readonly cy: number;
  readonly a: number;
  readonly b: number;
  readonly angleDegrees: number;
}

/** A point in pixels, corner origin. */
export interface Point {
  readonly x: number;
  readonly y: number;
}

/** A lid's margin past the iris, from left to right, and the probability that it is off by at most 2 % of the iris. */
export interface LidMargin {
  readonly points: readonly Point[];
  readonly confidence: number;
}

/** Limbus and pupil, both continued behind the lids. `pupil` is absent when it cannot be seen. */
export interface IrisGeometry {
  readonly limbus: Ellipse;
  readonly pupil?: Ellipse;
  readonly frameWidth: number;
  readonly frameHeight: number;
  /** Lids and confidences are absent when the method does not tell. */
  readonly upperLid?: LidMargin;
  readonly lowerLid?: LidMargin;
  /** Probabilities, 0 to 1, of being off by at most 2 % of the limbus's diameter. */
  readonly limbusConfidence?: number;
  readonly pupilConfidence?: number;
}

/** Radius of the circle of the same area, in pixels. */
export function meanRadius(e: Ellipse): number {
  return Math.sqrt(e.a * e.b);
}

/** The same ellipse in a frame whose origin is moved by (-dx, -dy) and then scaled by `scale`. */
export function moveEllipse(e: Ellipse, dx: number, dy: number, scale = 1): Ellipse {
  return {
    cx: (e.cx - dx) * scale,
    cy: (e.cy - dy) * scale,
    a: e.a * scale,
    b: e.b * scale,
    angleDegrees: e.angleDegrees,
  };
}

export function geometryToMessage({ upperLid, lowerLid, ...rest }: IrisGeometry): IrisGeometryMessage {
  const margin = (lid: LidMargin | undefined) => lid && { ...lid, points: [...lid.points] };
  return create(IrisGeometrySchema, { ...rest, upperLid: margin(upperLid), lowerLid: margin(lowerLid) });
}

/** Reads a validated message. @throws when the limbus is missing, which validation excludes. */
export function geometryFromMessage(m: IrisGeometryMessage): IrisGeometry {
  if (!m.limbus) throw new Error('IrisGeometry.limbus is missing');
  const { limbus, pupil, frameWidth, frameHeight, upperLid, lowerLid, limbusConfidence, pupilConfidence } = m;
  return {
    limbus,
    frameWidth,
    frameHeight,
    ...(pupil && { pupil }),
    ...(upperLid && { upperLid }),
    ...(lowerLid && { lowerLid }),
    ...(limbusConfidence !== undefined && { limbusConfidence }),
    ...(pupilConfidence !== undefined && { pupilConfidence }),
  };
}
