import type { Ellipse } from '@irisvue/vision';

/**
 * An ellipse by values without a jump: mean radius r = √(ab), and (e1, e2) = (a − b) / (a + b) · (cos 2θ, sin 2θ), θ the
 * direction of a from +x towards +y. A circle has e1 = e2 = 0, whatever θ. Unit: that of its frame, often cells.
 */
export interface Oval {
  readonly cx: number;
  readonly cy: number;
  readonly r: number;
  readonly e1: number;
  readonly e2: number;
}

/** Eccentricity (a − b) / (a + b) beyond which nothing is an iris or a pupil: b is then 43 % of a. */
const mostEccentric = 0.4;

/** The same shape by its axes. One more eccentric than any iris is drawn in to what an iris can be. */
export function toEllipse({ cx, cy, r, e1, e2 }: Oval): Ellipse {
  const e = Math.min(Math.hypot(e1, e2), mostEccentric);
  const stretch = Math.sqrt((1 + e) / (1 - e));
  return { cx, cy, a: r * stretch, b: r / stretch, angleDegrees: (Math.atan2(e2, e1) * 90) / Math.PI };
}

/** An oval's radius in a direction from its centre; the angle in radians from +x towards +y. */
export function radiusTowards(oval: Oval): (angle: number) => number {
  const { a, b, angleDegrees } = toEllipse(oval);
  const turn = (angleDegrees * Math.PI) / 180;
  return (angle) => (a * b) / Math.hypot(b * Math.cos(angle - turn), a * Math.sin(angle - turn));
}
