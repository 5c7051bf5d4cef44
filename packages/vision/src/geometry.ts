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

/** Limbus and pupil, both continued behind the lids. `pupil` is absent when it cannot be seen. */
export interface IrisGeometry {
  readonly limbus: Ellipse;
  readonly pupil?: Ellipse;
  readonly frameWidth: number;
  readonly frameHeight: number;
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

export function geometryToMessage(g: IrisGeometry): IrisGeometryMessage {
  return create(IrisGeometrySchema, g);
}

/** Reads a validated message. @throws when the limbus is missing, which validation excludes. */
export function geometryFromMessage(m: IrisGeometryMessage): IrisGeometry {
  if (!m.limbus) throw new Error('IrisGeometry.limbus is missing');
  const { limbus, pupil, frameWidth, frameHeight } = m;
  return pupil ? { limbus, pupil, frameWidth, frameHeight } : { limbus, frameWidth, frameHeight };
}
