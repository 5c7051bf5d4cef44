/**
 * How a light fades across its rim: a sharp edge smeared by a disc of confusion (taken as a box) and by a Gaussian, which
 * holds for a lens in and out of focus alike. Distances are in pixels.
 */
export interface EdgeProfile {
  /** Width of the box. */
  readonly box: number;
  /** Deviation of the Gaussian. */
  readonly blur: number;
  /** Where the edge lies: positive is further inside the light than its outline. */
  readonly offset: number;
}

/** What is seen at one distance from the outline. */
export interface ProfileSample {
  /** Positive inside the light. */
  readonly distance: number;
  /** Share of the iris that shows, 0 to 1. */
  readonly clear: number;
  /** Inverse variance of `clear`. */
  readonly weight: number;
}

/** Below this share of the Gaussian a box is none. */
const leastBox = 0.2;
/** Least deviation of the Gaussian, in pixels: 0 would have no slope. */
const leastBlur = 0.02;
/** Shares of the variance that a box has, in first tries. */
const boxShares = [1, 0.8, 0.4, 0];
const firstOffsets = [-0.3, 0, 0.3];
const firstDeviation = 0.25;
const growth = 1.25;
/** Rounds in which the best of the first tries is made better; steps are halved when none helps. */
const refinements = 16;

/** Share of the iris that shows at a distance inside the light, 1 far outside. */
export function clearAt({ box, blur, offset }: EdgeProfile, distance: number): number {
  const d = distance - offset;
  if (box < leastBox * blur) return 1 - cumulative(d / blur);
  return 1 - (blur / box) * (integral((d + box / 2) / blur) - integral((d - box / 2) / blur));
}

/** How fast less of it shows, per pixel; never negative. */
export function slopeAt(profile: EdgeProfile, distance: number): number {
  return Math.max(0, (clearAt(profile, distance - 0.1) - clearAt(profile, distance + 0.1)) / 0.2);
}

/**
 * The profile closest to the samples, least squares.
 *
 * @param widest the largest deviation that is tried, in pixels.
 * @param near a profile that is about right, where one is known.
 */
export function fitProfile(samples: readonly ProfileSample[], widest: number, near?: EdgeProfile): EdgeProfile {
  const cost = (profile: EdgeProfile): number =>
    samples.reduce((sum, s) => sum + s.weight * (s.clear - clearAt(profile, s.distance)) ** 2, 0);
  let best: EdgeProfile = near ?? { box: firstDeviation, blur: firstDeviation, offset: 0 };
  let least = cost(best);
  const offer = (profile: EdgeProfile): boolean => {
    const costs = cost(profile);
    if (!(costs < least)) return false;
    [best, least] = [profile, costs];
    return true;
  };
  for (let deviation = firstDeviation; !near && deviation < widest; deviation *= growth) {
    for (const share of boxShares) {
      const box = Math.sqrt(12 * share) * deviation;
      const blur = Math.max(leastBlur, Math.sqrt(1 - share) * deviation);
      for (const offset of firstOffsets) offer({ box, blur, offset });
    }
  }
  let step = near ? 0.05 : 0.15;
  for (let round = 0; round < refinements; round++) {
    let moved = false;
    for (const by of [-step, step]) {
      // The last two keep one end of the edge where it is: box and offset hang together.
      moved = offer({ ...best, box: best.box * (1 + by) }) || moved;
      moved = offer({ ...best, blur: Math.max(leastBlur, best.blur * (1 + 2 * by)) }) || moved;
      moved = offer({ ...best, offset: best.offset + by }) || moved;
      moved = offer({ ...best, box: best.box * (1 + by), offset: best.offset - (by * best.box) / 2 }) || moved;
      moved = offer({ ...best, box: best.box * (1 + by), offset: best.offset + (by * best.box) / 2 }) || moved;
    }
    if (!moved) step /= 2;
  }
  return best;
}

/** Integral of the normal distribution's cumulative function. */
function integral(z: number): number {
  if (z > 6) return z;
  return z < -6 ? 0 : z * cumulative(z) + Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI);
}

/** Cumulative function of the normal distribution, to 1e-7 (Abramowitz and Stegun 26.2.17). */
function cumulative(z: number): number {
  const t = 1 / (1 + 0.2316419 * Math.abs(z));
  const series = 0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429)));
  const tail = (Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI)) * t * series;
  return z > 0 ? 1 - tail : tail;
}
