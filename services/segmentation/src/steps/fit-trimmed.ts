import type { Ellipse } from '@irisvue/vision';
import { distanceFrom, fitEllipse, type Point } from './fit-ellipse.ts';

/** Rounds of fitting and dropping; it settles after three or four. */
const mostRounds = 10;
/** Deviations below 2 % of the radius are never outliers: that is the width of a limbus. */
const toleratedDeviation = 0.02;
/** Points beyond this many times the median deviation are outliers. */
const outlierFactor = 2;

/** A fitted ellipse with the share of the points that it rests on. */
export interface TrimmedFit {
  readonly ellipse: Ellipse;
  readonly inlierShare: number;
}

/**
 * Fits an ellipse to points of which some belong to something else (a lid, a lash, a highlight):
 * 1) fit 2) drop points far off, measured by the median deviation 3) repeat until nothing changes.
 */
export function fitTrimmed(points: readonly Point[]): TrimmedFit | undefined {
  let kept = points;
  let best: TrimmedFit | undefined;
  for (let round = 0; round < mostRounds; round++) {
    const ellipse = fitEllipse(kept);
    if (!ellipse) break;
    best = { ellipse, inlierShare: kept.length / points.length };
    const limit = Math.max(toleratedDeviation, outlierFactor * medianDeviation(ellipse, kept));
    const distance = distanceFrom(ellipse);
    const next = points.filter(({ x, y }) => Math.abs(distance(x, y)) < limit);
    if (next.length === kept.length && next.every((point, i) => point === kept[i])) break;
    kept = next;
  }
  return best;
}

function medianDeviation(ellipse: Ellipse, points: readonly Point[]): number {
  const distance = distanceFrom(ellipse);
  const deviations = points.map(({ x, y }) => Math.abs(distance(x, y))).sort((a, b) => a - b);
  return deviations[deviations.length >> 1];
}
