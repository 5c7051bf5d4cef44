import { contrast, type Plane, valueAt } from './plane.ts';

/** A circle in pixels of the picture it was found in. */
export interface Circle {
  readonly cx: number;
  readonly cy: number;
  readonly radius: number;
}

/** Pupils from this share of the limbus radius to that; ISO/IEC 29794-6 calls 0.2 to 0.7 normal. */
const radiusRange = [0.15, 0.65] as const;
/** How far a pupil's centre may lie from that of the limbus, in limbus radii. */
const longestOffset = 0.15;
/** Width of a step, in limbus radii. */
const step = 0.025;
/** Directions in which the border is looked at. */
const directions = Array.from({ length: 24 }, (_, k) => (k * Math.PI) / 12);
/** Less contrast is no border that one can see. */
const leastContrast = 0.06;

/**
 * Finds the pupil inside a limbus, in the plane of brightest channels: the circle whose border has the highest contrast
 * from dark to bright, all around. Undefined when there is none to be seen, as in a very dark iris.
 */
export function findPupil(plane: Plane, limbus: Circle): Circle | undefined {
  let best: Circle | undefined;
  let most = leastContrast;
  const reach = longestOffset * limbus.radius;
  for (let share = radiusRange[0]; share <= radiusRange[1]; share += step) {
    const radius = share * limbus.radius;
    for (let dy = -reach; dy <= reach; dy += step * limbus.radius) {
      for (let dx = -reach; dx <= reach; dx += step * limbus.radius) {
        const circle = { cx: limbus.cx + dx, cy: limbus.cy + dy, radius };
        const found = borderContrast(plane, circle, 0.06 * limbus.radius);
        if (found <= most) continue;
        most = found;
        best = circle;
      }
    }
  }
  return best;
}

function borderContrast(plane: Plane, { cx, cy, radius }: Circle, reach: number): number {
  let sum = 0;
  for (const angle of directions) {
    const dx = Math.cos(angle);
    const dy = Math.sin(angle);
    const inside = valueAt(plane, cx + (radius - reach) * dx, cy + (radius - reach) * dy);
    const outside = valueAt(plane, cx + (radius + reach) * dx, cy + (radius + reach) * dy);
    sum += contrast(inside, outside);
  }
  return sum / directions.length;
}
