import type { IrisGeometry } from '@irisvue/vision';

/** Where a pixel lies on the iris. */
export interface PolarPlace {
  /** -1 at the pupil's centre, 0 at its border, 1 at the limbus, more outside. Without a pupil 0 is the centre. */
  readonly rho: number;
  /** Angle around the centre, radians in [-π, π], from +x towards +y. */
  readonly angle: number;
  /** Unit vector away from the centre: the way the fibres run. */
  readonly outX: number;
  readonly outY: number;
}

/** Polar coordinates around the pupil's centre, stretched so that pupil and limbus are circles of constant rho. */
export interface PolarFrame {
  place(x: number, y: number): PolarPlace;
  readonly centreX: number;
  readonly centreY: number;
}

/** The frame of an iris. Positions are in pixels, corner origin. */
export function makePolarFrame(geometry: IrisGeometry): PolarFrame {
  const { limbus, pupil } = geometry;
  const centreX = pupil?.cx ?? limbus.cx;
  const centreY = pupil?.cy ?? limbus.cy;
  const toLimbus = distanceAlong(limbus, centreX, centreY);
  const toPupil = pupil && distanceAlong(pupil, centreX, centreY);
  return {
    centreX,
    centreY,
    place(x, y) {
      const dx = x - centreX;
      const dy = y - centreY;
      const distance = Math.hypot(dx, dy);
      const outX = distance > 0 ? dx / distance : 1;
      const outY = distance > 0 ? dy / distance : 0;
      const inner = toPupil?.(outX, outY) ?? 0;
      const outer = toLimbus(outX, outY);
      const rho = distance < inner ? distance / inner - 1 : (distance - inner) / (outer - inner);
      return { rho, angle: Math.atan2(dy, dx), outX, outY };
    },
  };
}

interface EllipseShape {
  readonly cx: number;
  readonly cy: number;
  readonly a: number;
  readonly b: number;
  readonly angleDegrees: number;
}

/** Distance from an inner point to the ellipse along a unit direction, in pixels. */
function distanceAlong(e: EllipseShape, fromX: number, fromY: number): (dx: number, dy: number) => number {
  const turn = (e.angleDegrees * Math.PI) / 180;
  const cos = Math.cos(turn);
  const sin = Math.sin(turn);
  const px = ((fromX - e.cx) * cos + (fromY - e.cy) * sin) / e.a;
  const py = ((fromY - e.cy) * cos - (fromX - e.cx) * sin) / e.b;
  return (dx, dy) => {
    const ux = (dx * cos + dy * sin) / e.a;
    const uy = (dy * cos - dx * sin) / e.b;
    // |p + t·u| = 1, the root with t > 0.
    const square = ux * ux + uy * uy;
    const mixed = px * ux + py * uy;
    const rest = px * px + py * py - 1;
    return (-mixed + Math.sqrt(Math.max(0, mixed * mixed - square * rest))) / square;
  };
}
