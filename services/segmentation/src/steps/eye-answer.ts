import type { ClassMap } from './class-map.ts';
import type { Oval } from './oval.ts';

/** An oval that a network answers with, and the error that it expects of centre and radius, in the same unit. */
export interface ExpectedOval extends Oval {
  readonly error: number;
}

/** A lid's margin: its height at `lidColumns` columns from cx − r to cx + r of the limbus in the same answer. */
export interface ExpectedLid {
  readonly heights: readonly number[];
  /** Expected error of a height. */
  readonly error: number;
}

/** Number of columns in which a network answers a lid's height. */
export const lidColumns = 9;

/** What a network says directly about the eye in its square; lengths in cells of the square, corner origin. */
export interface ExpectedEye {
  /** Probability that there is an eye at all. */
  readonly presence: number;
  readonly limbus: ExpectedOval;
  readonly pupil: ExpectedOval;
  readonly upperLid: ExpectedLid;
  readonly lowerLid: ExpectedLid;
}

/** Probabilities of each cell: the four classes add up to 1, the others stand for themselves. */
export interface EyeMap extends ClassMap {
  /** Whole disc of the limbus, also behind lids, pupil included. */
  readonly limbusDisc: Float32Array;
  /** Whole disc of the pupil, also behind lids. */
  readonly pupilDisc: Float32Array;
}

/** What a network sees in a square of a photo. */
export interface EyeAnswer {
  readonly map: EyeMap;
  readonly expected: ExpectedEye;
}

/** Length of the vector of direct answers. */
export const expectedLength = 34;

/**
 * Reads the vector of direct answers of a square of `size` cells: presence, limbus and pupil (cx, cy, r, e1, e2, error),
 * heights and error of the upper and of the lower lid. Lengths come in shares of the side. What the vector says of a pupil
 * being seen is not read: its expected error tells that better.
 */
export function readExpected(vector: Float32Array, size: number): ExpectedEye {
  const ovalAt = (at: number): ExpectedOval => {
    const [cx, cy, r, e1, e2, error] = vector.subarray(at, at + 6);
    return { cx: cx * size, cy: cy * size, r: r * size, e1, e2, error: error * size };
  };
  const lidAt = (at: number): ExpectedLid => ({
    heights: Array.from(vector.subarray(at, at + lidColumns), (y) => y * size),
    error: vector[at + lidColumns] * size,
  });
  return {
    presence: vector[0],
    limbus: ovalAt(2),
    pupil: ovalAt(8),
    upperLid: lidAt(14),
    lowerLid: lidAt(24),
  };
}

/** The answer to a square as it reads for the square's mirror image. */
export function mirrorExpected(eye: ExpectedEye, size: number): ExpectedEye {
  // Left and right change places: θ becomes 180° − θ, so that cos 2θ stays and sin 2θ turns its sign.
  const oval = (o: ExpectedOval): ExpectedOval => ({ ...o, cx: size - o.cx, e2: -o.e2 });
  const lid = (l: ExpectedLid): ExpectedLid => ({ ...l, heights: l.heights.toReversed() });
  return {
    ...eye,
    limbus: oval(eye.limbus),
    pupil: oval(eye.pupil),
    upperLid: lid(eye.upperLid),
    lowerLid: lid(eye.lowerLid),
  };
}

/** The mean of two answers to the same square. */
export function meanExpected(p: ExpectedEye, q: ExpectedEye): ExpectedEye {
  const mean = (x: number, y: number): number => (x + y) / 2;
  const oval = (o: ExpectedOval, other: ExpectedOval): ExpectedOval => ({
    cx: mean(o.cx, other.cx),
    cy: mean(o.cy, other.cy),
    r: mean(o.r, other.r),
    e1: mean(o.e1, other.e1),
    e2: mean(o.e2, other.e2),
    error: mean(o.error, other.error),
  });
  const lid = (l: ExpectedLid, other: ExpectedLid): ExpectedLid => ({
    heights: l.heights.map((y, i) => mean(y, other.heights[i])),
    error: mean(l.error, other.error),
  });
  return {
    presence: mean(p.presence, q.presence),
    limbus: oval(p.limbus, q.limbus),
    pupil: oval(p.pupil, q.pupil),
    upperLid: lid(p.upperLid, q.upperLid),
    lowerLid: lid(p.lowerLid, q.lowerLid),
  };
}
