import type { Circle } from './find-pupil.ts';
import { contrast, type Plane, valueAt } from './plane.ts';

/** A lid's edge as a parabola: y = top + bend × (x − cx)² / radius, in pixels; it opens down for an upper lid. */
export interface LidEdge {
  readonly top: number;
  readonly bend: number;
}

/** Lids that cross the iris; one that leaves it free is absent. */
export interface Lids {
  readonly upper: LidEdge | undefined;
  readonly lower: LidEdge | undefined;
}

/** Bends that are tried; lids are flatter than the limbus. */
const bends = [0, 0.1, 0.2, 0.3];
/** Columns that are looked at, in radii from the centre. */
const columns = Array.from({ length: 17 }, (_, k) => -0.8 + k * 0.1);
/** Where tones are compared across the edge, in radii: once inside, twice beyond, as a lid is wider than a highlight. */
const inside = 0.07;
const beyond = [0.07, 0.16];
/** Less mean contrast than this is no lid. */
const leastContrast = 0.12;
const step = 0.03;
/** A lid that comes nearer to the centre than this, in radii, leaves too little of an iris to go by. */
const shallowest = 0.4;

/**
 * Finds lids that cross an iris: the parabola within the limbus beyond which it gets brightest, in the red channel,
 * where skin of every tone is brighter than any iris.
 */
export function findLids(plane: Plane, limbus: Circle): Lids {
  return { upper: findEdge(plane, limbus, -1), lower: findEdge(plane, limbus, 1) };
}

/** `way` is −1 for the upper lid, 1 for the lower one. */
function findEdge(plane: Plane, limbus: Circle, way: 1 | -1): LidEdge | undefined {
  let best: LidEdge | undefined;
  let most = leastContrast;
  for (let depth = shallowest; depth <= 0.95; depth += step) {
    for (const bend of bends) {
      const edge = { top: limbus.cy + way * depth * limbus.radius, bend: -way * bend };
      const found = edgeContrast(plane, limbus, edge, way);
      if (found <= most) continue;
      most = found;
      best = edge;
    }
  }
  return best;
}

function edgeContrast(plane: Plane, limbus: Circle, edge: LidEdge, way: 1 | -1): number {
  let sum = 0;
  let count = 0;
  for (const column of columns) {
    const x = limbus.cx + column * limbus.radius;
    const y = lidAt(edge, limbus, x);
    if (Math.hypot(column, (y - limbus.cy) / limbus.radius) > 0.97) continue;
    const tone = valueAt(plane, x, y - way * inside * limbus.radius);
    const contrasts = beyond.map((offset) => contrast(tone, valueAt(plane, x, y + way * offset * limbus.radius)));
    sum += Math.min(...contrasts);
    count++;
  }
  return count >= 5 ? sum / count : 0;
}

/** Height of the lid's edge in a column, in pixels. */
export function lidAt({ top, bend }: LidEdge, limbus: Circle, x: number): number {
  return top + (bend * (x - limbus.cx) ** 2) / limbus.radius;
}
