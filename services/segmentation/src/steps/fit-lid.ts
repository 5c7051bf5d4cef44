import type { Point } from '@irisvue/vision';
import { type ClassMap, corners } from './class-map.ts';
import { type ExpectedLid, lidColumns } from './eye-answer.ts';
import type { Oval } from './oval.ts';

/** Points of a margin between two columns that the network answers. */
const perColumn = 2;
/** How far from the expected height a margin is looked for: expected errors, and cells besides. */
const reach = { errors: 3, cells: 1.5 } as const;
const step = 0.25;

/**
 * A lid's margin in cells, from left to right: 1) the expected heights, interpolated between their columns 2) near each
 * of them, the height where the eye's opening (everything but background) ends 3) where it does not end nearby, the
 * expected height stands 4) a correction that its neighbours do not share (a lash) is replaced by theirs.
 */
export function fitLid(map: ClassMap, limbus: Oval, lid: ExpectedLid, side: 'upper' | 'lower'): Point[] {
  const columns = (lidColumns - 1) * perColumn + 1;
  const expected = Array.from({ length: columns }, (_, i) => ({
    x: limbus.cx + limbus.r * ((2 * i) / (columns - 1) - 1),
    y: heightBetween(lid.heights, i / perColumn),
  }));
  const corrections = expected.map((point) => correction(map, point, lid.error, side === 'upper' ? -1 : 1));
  return expected.map(({ x, y }, i) => ({ x, y: y + medianOfThree(corrections, i) }));
}

function heightBetween(heights: readonly number[], place: number): number {
  const left = Math.min(Math.floor(place), heights.length - 2);
  return heights[left] + (place - left) * (heights[left + 1] - heights[left]);
}

/** How much further down the opening ends; 0 where that is not seen. `outwards` is −1 upwards, 1 downwards. */
function correction(map: ClassMap, { x, y }: Point, error: number, outwards: 1 | -1): number {
  const furthest = reach.errors * error + reach.cells;
  let best = Number.POSITIVE_INFINITY;
  for (let offset = -furthest; offset < furthest; offset += step) {
    const inner = opening(map, x, y + outwards * offset);
    const outer = opening(map, x, y + outwards * (offset + step));
    if (!(inner >= 0.5 && outer < 0.5)) continue;
    const found = offset + (step * (inner - 0.5)) / (inner - outer);
    if (Math.abs(found) < Math.abs(best)) best = found;
  }
  return Number.isFinite(best) ? outwards * best : 0;
}

/** Probability that a place shows the eye itself; not a number outside the map. */
function opening({ size, background }: ClassMap, x: number, y: number): number {
  if (x < 0.5 || y < 0.5 || x > size - 0.5 || y > size - 0.5) return Number.NaN;
  const { at, weights } = corners(size, x, y);
  const closed =
    background[at] * weights[0] +
    background[at + 1] * weights[1] +
    background[at + size] * weights[2] +
    background[at + size + 1] * weights[3];
  return 1 - closed;
}

function medianOfThree(values: readonly number[], i: number): number {
  const [low, middle, high] = [values[Math.max(0, i - 1)], values[i], values[Math.min(values.length - 1, i + 1)]];
  return Math.max(Math.min(low, middle), Math.min(Math.max(low, middle), high));
}
