import { blurKnown } from './blur-plane.ts';
import { clearAt, type EdgeProfile, fitProfile, type ProfileSample, slopeAt } from './edge-profile.ts';
import { type CoverPlane, type LightOutline, traceOutline, turnInwards } from './light-outline.ts';
import { measureDistances, type OutlineDistances } from './outline-distance.ts';
import { bendAlong } from './smooth-along.ts';

/** What single pixels say of a light's cover, as a plane. */
export interface RimPlane extends CoverPlane {
  /** 1 where the light may be, 0 elsewhere. */
  readonly lit: Uint8Array;
  /** Share of the iris that seems to show, 0 to 1. */
  readonly clear: Float32Array;
  /** By how much that is wrong since the iris is not what was expected, as a share of it. */
  readonly texture: Float32Array;
  /** By how much it is wrong besides. */
  readonly noise: Float32Array;
}

/** What all pixels of a light's rim say together. */
export interface Rim {
  /** How much of the iris shows at a distance inside the light's outline. */
  readonly profile: EdgeProfile;
  /** That distance of each pixel. */
  readonly distance: Float32Array;
  /** Variance of the logarithm of what shows. */
  readonly variance: Float32Array;
}

/** Times that the outline is moved to where the rim's pixels say it is. */
const moves = 3;
/** Expected second difference of all those moves together from point to point, in pixels. */
const wiggle = 0.014;
/** A pixel can say no more than that the outline is off by this, in pixels; nor is it believed to be. */
const mostMove = 1;
const usualMove = 0.5;
/** Neighbours share their texture: this many of them say what one would say. */
const textureSize = 2;
/** Samples each pixel when profiles are compared. */
const binsPerPixel = 8;
/** Deviation of the mean by which a place is judged where the rim is not as it is elsewhere, in pixels. */
const misfitReach = 1.5;
/** Less than this is not told apart from none, in shares of the iris that shows. */
const leastClear = 0.004;
/** Deviation of what no model of the cover explains. */
const modelDeviation = 0.002;
/** Corners are known this badly: as a share, and in pixels of the outline. */
const cornerDeviation = 0.1;
const cornerShift = 0.2;

/**
 * A light is sharp and smeared by the lens, so all around it the cover falls in the same way with the distance from its
 * outline, and the outline is smooth. 1) The outline is drawn where the pixels' own covers cross one half; 2) the fall is
 * fitted (fitProfile); 3) the outline moves to where the fall suits the pixels, all pixels of a stretch together; 2 and 3
 * again. Undefined where there is no outline.
 */
export function followRim(plane: RimPlane): Rim | undefined {
  const outline = traceOutline(plane);
  if (!outline) return undefined;
  let distances = measureDistances(outline, plane);
  const [least, most] = rangeOf(plane, distances);
  const moved = new Float64Array(outline.corner.length);
  let profile: EdgeProfile | undefined;
  for (let move = 0; ; move++) {
    profile = fitProfile(binned(plane, distances, least, most, profile), most, profile);
    const { shift, variance } = findShift(plane, distances, outline, moved, profile, least, most);
    if (move === moves) {
      return {
        profile,
        distance: distances.distance,
        variance: judge(plane, distances, outline, profile, variance),
      };
    }
    for (let p = 0; p < shift.length; p++) {
      moved[p] += shift[p];
      outline.x[p] -= shift[p] * outline.inX[p];
      outline.y[p] -= shift[p] * outline.inY[p];
    }
    turnInwards(outline, plane);
    distances = measureDistances(outline, plane);
  }
}

/** Distances between which the cover changes. */
function rangeOf({ lit, clear }: RimPlane, { distance, nearest }: OutlineDistances): [least: number, most: number] {
  const sums: number[] = [];
  const counts: number[] = [];
  let least = 0;
  for (let i = 0; i < lit.length; i++) {
    if (lit[i] === 0 || nearest[i] < 0) continue;
    least = Math.min(least, distance[i]);
    const ring = Math.floor(distance[i]);
    if (ring < 0) continue;
    sums[ring] = (sums[ring] ?? 0) + clear[i];
    counts[ring] = (counts[ring] ?? 0) + 1;
  }
  const hidden = sums.findIndex((sum, ring) => sum < leastClear * counts[ring]);
  const most = (hidden < 0 ? sums.length : hidden + 1) + 1;
  return [Math.max(least, -2 * most - 2) - 1, most];
}

/** Means of what pixels say, by distance. Once a profile is known, those that are far from it count less. */
function binned(
  { lit, clear, texture, noise }: RimPlane,
  { distance }: OutlineDistances,
  least: number,
  most: number,
  profile: EdgeProfile | undefined,
): ProfileSample[] {
  const bins = Math.ceil((most - least) * binsPerPixel) + 1;
  const weights = new Float64Array(bins);
  const sums = new Float64Array(bins);
  for (let i = 0; i < lit.length; i++) {
    if (lit[i] === 0 || distance[i] < least || distance[i] > most) continue;
    const expected = profile ? clearAt(profile, distance[i]) : clear[i];
    const variance = (texture[i] * Math.max(0.01, expected)) ** 2 + noise[i] ** 2 + modelDeviation ** 2;
    const weight = (profile ? outlierWeight(clear[i] - expected, variance) : 1) / variance;
    const bin = Math.floor((distance[i] - least) * binsPerPixel);
    weights[bin] += weight;
    sums[bin] += weight * clear[i];
  }
  return Array.from(weights, (weight, bin) => ({
    distance: least + (bin + 0.5) / binsPerPixel,
    clear: weight > 0 ? sums[bin] / weight : 0,
    weight,
  })).filter(({ weight }) => weight > 0);
}

/** Cauchy's weight: what is three deviations off counts half. */
function outlierWeight(residual: number, variance: number): number {
  return 1 / (1 + residual ** 2 / (9 * variance));
}

/**
 * How far each point of the outline has to go outwards, and the variance of its place then. What has been moved already
 * counts as well: else each further move would bend the outline more.
 */
function findShift(
  { lit, clear, texture, noise }: RimPlane,
  { distance, nearest }: OutlineDistances,
  { from, to, corner, lines }: LightOutline,
  moved: Float64Array,
  profile: EdgeProfile,
  least: number,
  most: number,
): { readonly shift: Float64Array; readonly variance: Float64Array } {
  const weights = new Float64Array(corner.length);
  const sums = new Float64Array(corner.length);
  for (let i = 0; i < lit.length; i++) {
    if (lit[i] === 0 || nearest[i] < 0 || distance[i] < least || distance[i] > most) continue;
    const ends = [from[nearest[i]], to[nearest[i]]];
    if (corner[ends[0]] || corner[ends[1]]) continue;
    const slope = slopeAt(profile, distance[i]);
    if (slope < 1e-6) continue;
    const expected = clearAt(profile, distance[i]);
    const variance = textureSize * (texture[i] * expected) ** 2 + noise[i] ** 2;
    const weight = (slope ** 2 * outlierWeight(clear[i] - expected, variance + 1e-4)) / variance;
    const says = Math.max(-mostMove, Math.min(mostMove, (expected - clear[i]) / slope));
    for (const p of ends) {
      weights[p] += weight / 2;
      sums[p] += (weight * says) / 2;
    }
  }
  const shift = new Float64Array(corner.length);
  const variance = new Float64Array(corner.length).fill(usualMove ** 2);
  const stiffness = 1 / wiggle ** 2;
  for (const { points, closed } of lines) {
    if (points.length < 6) continue;
    const certain = Float64Array.from(points, (p) => weights[p] + 1 / usualMove ** 2);
    const targets = Float64Array.from(points, (p, i) => (sums[p] + weights[p] * moved[p]) / certain[i]);
    const bent = bendAlong(targets, certain, stiffness, closed);
    points.forEach((p, i) => {
      shift[p] = bent[i] - moved[p];
      // About as many points say the same as the stiffness holds together (Silverman 1984).
      const together = Math.max(1, 2.8 * (stiffness / certain[i]) ** 0.25);
      variance[p] = 1 / (weights[p] * together + 1 / usualMove ** 2);
    });
  }
  return { shift, variance };
}

/** How sure the profile is of each pixel: less at corners, and where pixels nearby say otherwise. */
function judge(
  { width, height, lit, clear, texture, noise }: RimPlane,
  { distance, nearest }: OutlineDistances,
  { from, to, corner }: LightOutline,
  profile: EdgeProfile,
  places: Float64Array,
): Float32Array {
  const variance = new Float32Array(lit.length);
  const excess = new Float32Array(lit.length);
  const weights = new Float32Array(lit.length);
  for (let i = 0; i < lit.length; i++) {
    if (lit[i] === 0) continue;
    const expected = clearAt(profile, distance[i]);
    if (nearest[i] >= 0) {
      const [a, b] = [from[nearest[i]], to[nearest[i]]];
      const isCorner = corner[a] + corner[b] > 0;
      const rise = slopeAt(profile, distance[i]) / Math.max(1e-3, expected);
      variance[i] = rise ** 2 * (places[a] + (isCorner ? cornerShift ** 2 : 0)) + (isCorner ? cornerDeviation ** 2 : 0);
    }
    const floor = Math.max(0.02, expected);
    const usual = texture[i] ** 2 + (noise[i] / floor) ** 2;
    excess[i] = ((clear[i] - expected) / floor) ** 2 - usual;
    weights[i] = 1 / usual;
  }
  const misfit = blurKnown(excess, weights, width, height, misfitReach);
  for (let i = 0; i < lit.length; i++) variance[i] += Math.max(0, misfit[i] - variance[i]);
  return variance;
}
