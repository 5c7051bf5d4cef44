import type { Ellipse } from '@irisvue/vision';
import { Matrix, solve } from 'ml-matrix';
import type { Point } from './fit-ellipse.ts';

const rounds = 10;
/** Points beyond this many times the median deviation are dropped. */
const outlierFactor = 2;

/** A circle through points, trimmed like fitTrimmed: where too little of the border shows, two axes cannot be told. */
export function fitCircle(points: readonly Point[], smallestDeviation: number): Ellipse | undefined {
  let kept = points;
  let circle: Ellipse | undefined;
  for (let round = 0; round < rounds && kept.length >= 3; round++) {
    circle = leastSquaresCircle(kept);
    if (!circle) break;
    const { cx, cy, a } = circle;
    const deviations = points.map(({ x, y }) => Math.abs(Math.hypot(x - cx, y - cy) - a));
    const sorted = [...deviations].sort((p, q) => p - q);
    const limit = Math.max(smallestDeviation, outlierFactor * sorted[sorted.length >> 1]);
    kept = points.filter((_, i) => deviations[i] <= limit);
  }
  return circle;
}

/** Kåsa's fit: x² + y² = 2 cx x + 2 cy y + k is linear in the unknowns. */
function leastSquaresCircle(points: readonly Point[]): Ellipse | undefined {
  const unknowns = new Matrix(points.map(({ x, y }) => [2 * x, 2 * y, 1]));
  const squares = Matrix.columnVector(points.map(({ x, y }) => x * x + y * y));
  // By singular values: points on one line then give no radius instead of an exception.
  const [cx, cy, k] = solve(unknowns, squares, true).getColumn(0);
  const radius = Math.sqrt(k + cx * cx + cy * cy);
  return Number.isFinite(radius) && radius > 0 ? { cx, cy, a: radius, b: radius, angleDegrees: 0 } : undefined;
}
