import { Matrix, solve } from 'ml-matrix';
import { corners } from './class-map.ts';
import { type Oval, radiusTowards } from './oval.ts';

/** Rays from the centre; more do not make the fit any better. */
const rays = 96;
/** Where a border is looked for along a ray, in shares of the start's radius, and how finely, in cells. */
const searched = [0.6, 1.4] as const;
const step = 0.5;
/** Fewest rays, of all, that must meet a border. */
const fewestRays = 32;
/** Rounds of fitting and weighing, the first ones with the start's own shape: a lid would else flatten it at once. */
const rounds = 10;
const roundsOfShape = 4;
/** Tukey's biweight: residuals beyond this many standard deviations count nothing. Strict, as lids hide much. */
const cutOff = 3;
/** A deviation that is none, in cells: borders between cells are not known better. */
const noise = 0.1;
/** How far inside and outside of a border is looked whether it is seen, in shares of its distance. */
const aside = 0.06;
/** Weight of a border that lids hide, beside one that is seen: there the network guesses, mostly too high. */
const unseen = 0.1;
/** Weight of the usual shape where nothing of a border is seen, in rays that are. */
const usual = 6;

/** What is known of a border besides the plane that it bounds. */
export interface Border {
  /** Probabilities of what is seen on its inner and on its outer side, cell by cell. */
  readonly inner: Float32Array;
  readonly outer: Float32Array;
  /** The shape that it usually has. */
  readonly shape: Pick<Oval, 'e1' | 'e2'>;
}

/** Where a ray leaves a disc. */
export interface BorderCrossing {
  /** Direction, radians from +x towards +y. */
  readonly angle: number;
  /** Distance from the start's centre, in cells. */
  readonly distance: number;
  /** How far the probability falls within a cell, 0 to 1: a border that is sure of itself is steep. */
  readonly steepness: number;
}

/**
 * The oval of a disc in a plane of probabilities, finer than its cells, in cells:
 * 1) rays from the start's centre 2) on each the place nearest to the start where the probability falls through one half,
 * interpolated 3) a least-squares oval through these places, weighted by steepness and by whether the border is seen
 * there, those that lie off (a lid, a lash, a highlight) counting less and less (Tukey's biweight), and drawn to the
 * usual shape as far as the border is hidden. Undefined where too little of a border is found.
 */
export function fitDisc(plane: Float32Array, size: number, start: Oval, border: Border): Oval | undefined {
  const crossings = findCrossings(plane, size, start);
  if (crossings.length < fewestRays) return undefined;
  const points = crossings.map(({ angle, distance, steepness }) => {
    const along = (share: number): readonly [number, number] => [
      start.cx + share * distance * Math.cos(angle),
      start.cy + share * distance * Math.sin(angle),
    ];
    const [x, y] = along(1);
    const seen = shown(border.inner, size, along(1 - aside)) * shown(border.outer, size, along(1 + aside));
    return { x, y, seen, certainty: steepness * (unseen + (1 - unseen) * seen) };
  });
  const pull = usual * (1 - points.reduce((sum, { seen }) => sum + seen, 0) / points.length);
  let oval = start;
  for (let round = 0; round < rounds; round++) {
    const places = points.map(({ x, y }) => ({
      angle: Math.atan2(y - oval.cy, x - oval.cx),
      distance: Math.hypot(x - oval.cx, y - oval.cy),
    }));
    const radius = radiusTowards(oval);
    const residuals = places.map(({ angle, distance }) => distance - radius(angle));
    const reach = cutOff * Math.max(noise, 1.4826 * median(residuals.map(Math.abs)));
    const weights = residuals.map((residual, i) => points[i].certainty * biweight(residual / reach));
    oval = moved(oval, places, residuals, weights, round < roundsOfShape ? undefined : { ...border.shape, pull });
  }
  return [oval.cx, oval.cy, oval.r, oval.e1, oval.e2].every(Number.isFinite) && oval.r > 0 ? oval : undefined;
}

/** The places where rays from the start's centre leave the disc; a ray that meets no border has none. */
export function findCrossings(plane: Float32Array, size: number, start: Oval): BorderCrossing[] {
  const radius = radiusTowards(start);
  return Array.from({ length: rays }, (_, k) => (k * 2 * Math.PI) / rays).flatMap((angle) => {
    const found = crossing(plane, size, start, angle, radius(angle));
    return found ? [found] : [];
  });
}

function crossing(
  plane: Float32Array,
  size: number,
  { cx, cy }: Oval,
  angle: number,
  expected: number,
): BorderCrossing | undefined {
  const dx = Math.cos(angle);
  const dy = Math.sin(angle);
  const at = (distance: number): number => probability(plane, size, cx + distance * dx, cy + distance * dy);
  let best: number | undefined;
  let from = searched[0] * expected - step;
  let before = at(from);
  const end = searched[1] * expected + step;
  for (let to = from + step; to <= end; from = to, to += step) {
    const after = at(to);
    if (before >= 0.5 && after < 0.5) {
      const distance = from + (step * (before - 0.5)) / (before - after);
      if (best === undefined || Math.abs(distance - expected) < Math.abs(best - expected)) best = distance;
    }
    before = after;
  }
  if (best === undefined) return undefined;
  const fall = at(best - 0.5) - at(best + 0.5);
  return fall > 0 ? { angle, distance: best, steepness: Math.min(1, fall) } : undefined;
}

/** Interpolated between cells; not a number beyond the plane, so that its edge is no border of anything. */
function probability(plane: Float32Array, size: number, x: number, y: number): number {
  if (x < 0.5 || y < 0.5 || x > size - 0.5 || y > size - 0.5) return Number.NaN;
  const { at, weights } = corners(size, x, y);
  return (
    plane[at] * weights[0] +
    plane[at + 1] * weights[1] +
    plane[at + size] * weights[2] +
    plane[at + size + 1] * weights[3]
  );
}

/** What a plane says at a place; nothing beyond it. */
function shown(plane: Float32Array, size: number, [x, y]: readonly [number, number]): number {
  const value = probability(plane, size, x, y);
  return Number.isNaN(value) ? 0 : value;
}

function biweight(x: number): number {
  return Math.abs(x) < 1 ? (1 - x * x) ** 2 : 0;
}

/**
 * One step of Gauss and Newton: a nearly round oval's radius changes with its values as a circle's does. The shape moves
 * only where its usual one is given, which pulls as `pull` rays do.
 */
function moved(
  oval: Oval,
  places: readonly { readonly angle: number }[],
  residuals: readonly number[],
  weights: readonly number[],
  shape: (Pick<Oval, 'e1' | 'e2'> & { readonly pull: number }) | undefined,
): Oval {
  const effects = places.map(({ angle }) =>
    [Math.cos(angle), Math.sin(angle), 1, Math.cos(2 * angle), Math.sin(2 * angle)].slice(0, shape ? 5 : 3),
  );
  const design = new Matrix(effects);
  const weighted = new Matrix(effects.map((row, i) => row.map((effect) => effect * weights[i]))).transpose();
  const wanted = weighted.mmul(Matrix.columnVector([...residuals]));
  const normal = weighted.mmul(design);
  if (shape) {
    [shape.e1 - oval.e1, shape.e2 - oval.e2].forEach((away, k) => {
      normal.set(3 + k, 3 + k, normal.get(3 + k, 3 + k) + shape.pull);
      wanted.set(3 + k, 0, wanted.get(3 + k, 0) + shape.pull * oval.r * away);
    });
  }
  const [dx, dy, dr, d1 = 0, d2 = 0] = solve(normal, wanted, true).getColumn(0);
  return {
    cx: oval.cx + dx,
    cy: oval.cy + dy,
    r: oval.r + dr,
    e1: oval.e1 + d1 / oval.r,
    e2: oval.e2 + d2 / oval.r,
  };
}

function median(values: number[]): number {
  const sorted = values.sort((a, b) => a - b);
  return sorted[sorted.length >> 1];
}
