import type { Ellipse, Mask } from '@irisvue/vision';
import { middle } from './statistics.ts';

/** Trimming rounds at most. */
const rounds = 12;

/**
 * A circle through the left and right outline of a mask, by trimmed least squares: rows that lids cut fall out as
 * outliers (Kåsa's algebraic fit; points further off than twice the median are left out, until none changes).
 * Undefined for fewer than five rows.
 */
export function circleOfMask({ width, height, data }: Mask): Ellipse | undefined {
  const points: (readonly [number, number])[] = [];
  for (let y = 0; y < height; y++) {
    const row = data.subarray(y * width, (y + 1) * width);
    const left = row.findIndex((value) => value > 127);
    if (left < 0) continue;
    points.push([left, y + 0.5], [row.findLastIndex((value) => value > 127) + 1, y + 0.5]);
  }
  if (points.length < 10) return undefined;
  let kept = points.map(() => true);
  let circle = fit(points);
  for (let round = 0; round < rounds; round++) {
    circle = fit(points.filter((_, i) => kept[i]));
    const { cx, cy, a } = circle;
    const errors = points.map(([x, y]) => Math.abs(Math.hypot(x - cx, y - cy) - a));
    const limit = Math.max(1, 2 * middle(errors));
    const next = errors.map((error) => error <= limit);
    const same = next.every((keep, i) => keep === kept[i]);
    if (same || next.filter(Boolean).length < 8) break;
    kept = next;
  }
  return circle;
}

/** Least squares of x² + y² = 2·cx·x + 2·cy·y + c, about the points' mean. */
function fit(points: readonly (readonly [number, number])[]): Ellipse {
  const n = points.length;
  const mx = points.reduce((sum, [x]) => sum + x, 0) / n;
  const my = points.reduce((sum, [, y]) => sum + y, 0) / n;
  let [xx, xy, yy, xz, yz, zz] = [0, 0, 0, 0, 0, 0];
  for (const [px, py] of points) {
    const x = px - mx;
    const y = py - my;
    const z = x * x + y * y;
    xx += x * x;
    xy += x * y;
    yy += y * y;
    xz += x * z;
    yz += y * z;
    zz += z;
  }
  const determinant = xx * yy - xy * xy || 1e-9;
  const u = (xz * yy - yz * xy) / (2 * determinant);
  const v = (yz * xx - xz * xy) / (2 * determinant);
  const radius = Math.sqrt(u * u + v * v + zz / n);
  return { cx: mx + u, cy: my + v, a: radius, b: radius, angleDegrees: 0 };
}
