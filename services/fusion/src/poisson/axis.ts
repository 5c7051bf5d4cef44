/**
 * The unknowns along one side of a grid, 1 apart, the first of them 1 from the border. The last one may lie closer to
 * its border: a coarse grid takes every second unknown, and with an even number of them the last is taken too. Knowing
 * that distance is what keeps grids of any size as accurate as those of 2ⁿ − 1 (in a test: 0.001 instead of 4.9 grey levels at 512 × 300).
 */
export interface Axis {
  /** Number of unknowns. */
  readonly count: number;
  /** Weight of the last unknown's neighbour in −u″; 1 elsewhere. */
  readonly lastSide: number;
  /** Weight of the last unknown itself in −u″; 2 elsewhere. */
  readonly lastCentre: number;
  /** Share of its neighbour that the last unknown has when u falls linearly to zero on the border. */
  readonly lastWeight: number;
  /** Distance of the last unknown to its border, above 0 and at most 1. */
  readonly lastDistance: number;
  /** Restriction: what unknown x, from 1, takes of the finer unknowns 2x − 1, 2x and 2x + 1. Together 1. */
  readonly before: Float32Array;
  readonly centre: Float32Array;
  readonly after: Float32Array;
}

/** The axis of the finest grid: nothing is restricted to it. */
export function finestAxis(count: number): Axis {
  return axis(count, 1, { before: 0, centre: 0, after: 0 });
}

/** Every second unknown of `fine`. */
export function coarserAxis(fine: Axis): Axis {
  const gap = fine.lastDistance;
  const isEven = fine.count % 2 === 0;
  // The transpose of linear interpolation, each unknown weighted by the length it stands for.
  const last = isEven ? { before: 1, centre: 1 + gap, after: 0 } : { before: 1, centre: 2, after: gap };
  return axis(fine.count >> 1, isEven ? gap / 2 : (1 + gap) / 2, last);
}

function axis(count: number, gap: number, last: { before: number; centre: number; after: number }): Axis {
  const before = new Float32Array(count + 1).fill(0.25);
  const centre = new Float32Array(count + 1).fill(0.5);
  const after = new Float32Array(count + 1).fill(0.25);
  const sum = last.before + last.centre + last.after;
  if (sum > 0) {
    before[count] = last.before / sum;
    centre[count] = last.centre / sum;
    after[count] = last.after / sum;
  }
  return {
    count,
    lastSide: 2 / (1 + gap),
    lastCentre: 2 / gap,
    lastWeight: gap / (1 + gap),
    lastDistance: gap,
    before,
    centre,
    after,
  };
}
