import type { Ellipse } from '@irisvue/vision';
import { EigenvalueDecomposition, inverse, Matrix } from 'ml-matrix';

export interface Point {
  readonly x: number;
  readonly y: number;
}

/** Fewest points that a fit is tried on; five determine an ellipse, a few more make it worth something. */
const fewestPoints = 8;

/**
 * The ellipse with the least algebraic distance to the points, in their unit; always an ellipse, never another conic.
 * Undefined when the points do not determine one. Method: Fitzgibbon, Pilu and Fisher, "Direct least square fitting of
 * ellipses" (PAMI 1999), in the numerically stable form of Halíř and Flusser (WSCG 1998).
 */
export function fitEllipse(points: readonly Point[]): Ellipse | undefined {
  if (points.length < fewestPoints) return undefined;
  const frame = frameOf(points);
  const conic = fitConic(
    points.map(({ x, y }) => ({ x: (x - frame.x) / frame.scale, y: (y - frame.y) / frame.scale })),
  );
  const ellipse = conic && ellipseOfConic(conic);
  if (!ellipse) return undefined;
  const { cx, cy, a, b, angleDegrees } = ellipse;
  return {
    cx: cx * frame.scale + frame.x,
    cy: cy * frame.scale + frame.y,
    a: a * frame.scale,
    b: b * frame.scale,
    angleDegrees,
  };
}

/**
 * Measures how far points lie from an ellipse, in shares of its radius in that direction: 0 on it, −1 at the centre.
 * Sine and cosine are taken once for all points.
 */
export function distanceFrom({ cx, cy, a, b, angleDegrees }: Ellipse): (x: number, y: number) => number {
  const cos = Math.cos((angleDegrees * Math.PI) / 180);
  const sin = Math.sin((angleDegrees * Math.PI) / 180);
  return (x, y) => {
    const along = ((x - cx) * cos + (y - cy) * sin) / a;
    const across = ((y - cy) * cos - (x - cx) * sin) / b;
    return Math.sqrt(along * along + across * across) - 1;
  };
}

/** Centre and spread of the points: fitting in a unit frame keeps the powers in the matrices of one size. */
function frameOf(points: readonly Point[]): { readonly x: number; readonly y: number; readonly scale: number } {
  const x = points.reduce((sum, p) => sum + p.x, 0) / points.length;
  const y = points.reduce((sum, p) => sum + p.y, 0) / points.length;
  const scale = Math.sqrt(points.reduce((sum, p) => sum + (p.x - x) ** 2 + (p.y - y) ** 2, 0) / points.length);
  return { x, y, scale: scale || 1 };
}

/** Coefficients of A x² + B xy + C y² + D x + E y + F = 0. */
type Conic = readonly [number, number, number, number, number, number];

function fitConic(points: readonly Point[]): Conic | undefined {
  const quadratic = new Matrix(points.map(({ x, y }) => [x * x, x * y, y * y]));
  const linear = new Matrix(points.map(({ x, y }) => [x, y, 1]));
  const s1 = quadratic.transpose().mmul(quadratic);
  const s2 = quadratic.transpose().mmul(linear);
  const s3 = linear.transpose().mmul(linear);
  try {
    const toLinear = inverse(s3).mmul(s2.transpose()).mul(-1);
    const reduced = s1.add(s2.mmul(toLinear));
    // The constraint 4AC − B² = 1, inverted by hand.
    const system = new Matrix([
      reduced.getRow(2).map((value) => value / 2),
      reduced.getRow(1).map((value) => -value),
      reduced.getRow(0).map((value) => value / 2),
    ]);
    const vectors = new EigenvalueDecomposition(system).eigenvectorMatrix;
    for (let k = 0; k < 3; k++) {
      const [A, B, C] = vectors.getColumn(k);
      if (4 * A * C - B * B <= 0) continue;
      const [D, E, F] = toLinear.mmul(Matrix.columnVector([A, B, C])).getColumn(0);
      return [A, B, C, D, E, F];
    }
    return undefined;
  } catch {
    // Points on one line make the matrix singular: no ellipse.
    return undefined;
  }
}

function ellipseOfConic([A, B, C, D, E, F]: Conic): Ellipse | undefined {
  const determinant = 4 * A * C - B * B;
  const cx = (B * E - 2 * C * D) / determinant;
  const cy = (B * D - 2 * A * E) / determinant;
  const atCentre = F + (D * cx + E * cy) / 2;
  const middle = (A + C) / 2;
  const spread = Math.hypot((A - C) / 2, B / 2);
  const a = Math.sqrt(-atCentre / (middle - Math.sign(middle) * spread));
  const b = Math.sqrt(-atCentre / (middle + Math.sign(middle) * spread));
  if (![cx, cy, a, b].every(Number.isFinite) || a === 0 || b === 0) return undefined;
  // Direction in which the quadratic form is smallest: that of the long axis.
  const angle = Math.atan2(B, A - C) / 2 + (middle > 0 ? Math.PI / 2 : 0);
  return { cx, cy, a, b, angleDegrees: (angle * 180) / Math.PI };
}
