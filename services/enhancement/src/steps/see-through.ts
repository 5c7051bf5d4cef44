import type { Image } from '@irisvue/vision';
import { type HolePixels, separateHoles } from './hole-pixels.ts';

/** What shows through a light, pixel by pixel in the order of the hole's pixels. */
export interface SeenThrough {
  /** Colours beneath the light, 0 to 255, three for each pixel. */
  readonly colours: Float32Array;
  /** Share of the light in each pixel: 0 is clear, 1 hides everything. */
  readonly cover: Float32Array;
}

/** Deviation of what no model explains, rounding and sensor noise, in grey levels. */
const noiseDeviation = 1;
/** By how many grey levels a light differs from one colour: no lamp is quite even. */
const lightDeviation = 2;
/**
 * Light adds up before the camera's tone curve. That is about a power of 2.2; in edited pictures and overlays light is
 * mixed in grey levels. Which it is, each hole tells itself.
 */
const exponents = [1, 2.2];
/** Shares of light from which that is told. */
const leastTold = 0.1;
const mostTold = 0.85;
/** A fill has to guess across about this share of the limbus radius. */
const lagShare = 0.05;
/** Colours wander less over that distance than single pixels' colours do: part of their deviation is noise. */
const tintShare = 0.5;
/** An iris is not believed to be flatter than this: a share of its brightness, and grey levels of tint. */
const leastBrightness = 0.01;
const leastTint = 0.7;
/** What is assumed where nothing around a hole is known. */
const usualLiveliness: Liveliness = { brightness: 0.1, tint: 3 };
/** The light's own colour is the mean of this share of a hole's brightest pixels. */
const brightestShare = 0.05;

/**
 * Separates a light from what it lies on. A pixel is a mix I = s·L + (1 - s)·T of the light's colour L and the iris T
 * (the dichromatic model of Shafer, 1985): at a light's edge, and beneath a weak one, the iris shows through. With a
 * fill F as what is expected, T ≈ b·F with b near 1, the share s and the brightness b are the most probable ones, in
 * closed form. How far b and the tint may wander is measured around the hole.
 *
 * @param expected a fill of the hole, three values for each pixel, 0 to 255.
 * @param radius of the limbus, in pixels.
 */
export function seeThrough(crop: Image, hole: HolePixels, expected: Float32Array, radius: number): SeenThrough {
  const colours = Float32Array.from(expected);
  const cover = new Float32Array(hole.count).fill(1);
  for (const part of separateHoles(hole, crop.width)) {
    const light = lightColour(crop, hole, part);
    const liveliness = measureLiveliness(crop, hole, part, radius);
    const tries = exponents.map((exponent) => separate(crop, hole, part, expected, light, liveliness, exponent));
    const best = tries.reduce((a, b) => (b.surprise < a.surprise ? b : a));
    part.forEach((n, k) => {
      cover[n] = best.cover[k];
      for (let c = 0; c < 3; c++) colours[n * 3 + c] = best.colours[k * 3 + c];
    });
  }
  return { colours, cover };
}

/** A light separated from one hole with one tone curve; lists in the order of the hole's pixels. */
interface Separated {
  readonly colours: Float32Array;
  readonly cover: Float32Array;
  /** Mean squared difference to the fill of what is seen: a wrong tone curve shows as a dark or a pale rim. */
  readonly surprise: number;
}

function separate(
  crop: Image,
  hole: HolePixels,
  part: readonly number[],
  expected: Float32Array,
  light: readonly number[],
  liveliness: Liveliness,
  exponent: number,
): Separated {
  const toLight = (value: number): number => 255 * (Math.max(0, value) / 255) ** exponent;
  const toGrey = (value: number): number => 255 * (Math.min(255, Math.max(0, value)) / 255) ** (1 / exponent);
  const slope = (value: number): number => exponent * (Math.max(8, value) / 255) ** (exponent - 1);
  const lamp = light.map(toLight);
  const colours = new Float32Array(part.length * 3);
  const cover = new Float32Array(part.length);
  let [squares, count] = [0, 0];
  part.forEach((n, k) => {
    const at = hole.at[n] * 3;
    const pixel = [toLight(crop.data[at]), toLight(crop.data[at + 1]), toLight(crop.data[at + 2])];
    const fill = [0, 1, 2].map((c) => toLight(expected[n * 3 + c]));
    const noise = noiseDeviation * slope((crop.data[at] + crop.data[at + 1] + crop.data[at + 2]) / 3);
    const lift = slope((expected[n * 3] + expected[n * 3 + 1] + expected[n * 3 + 2]) / 3);
    const tint = liveliness.tint * lift;
    const { share, brightness } = mix(pixel, fill, lamp, { noise, tint, brightness: liveliness.brightness * exponent });
    cover[k] = share;
    const clear = Math.max(1e-3, 1 - share);
    const unsure = (noise ** 2 + (lightDeviation * share) ** 2) / clear ** 2;
    const trust = tint ** 2 / (tint ** 2 + unsure);
    for (let c = 0; c < 3; c++) {
      const likely = brightness * fill[c];
      colours[k * 3 + c] = toGrey(likely + trust * ((pixel[c] - share * lamp[c]) / clear - likely));
      if (share > leastTold && share < mostTold) squares += (colours[k * 3 + c] - expected[n * 3 + c]) ** 2;
    }
    if (share > leastTold && share < mostTold) count++;
  });
  return { colours, cover, surprise: squares / Math.max(1, count) };
}

/** How much an iris varies over the distance across which a fill must guess. */
interface Liveliness {
  /** Deviation of brightness, as a share of it. */
  readonly brightness: number;
  /** Deviation of colour at the same brightness, in grey levels. */
  readonly tint: number;
}

/** From differences of known pixels around a hole that lie `lagShare` of the limbus radius apart. */
function measureLiveliness(crop: Image, hole: HolePixels, part: readonly number[], radius: number): Liveliness {
  const lag = Math.max(2, Math.round(lagShare * radius));
  const { left, top, right, bottom } = boundsOf(part, hole, crop.width);
  let [along, beside, squares, count] = [0, 0, 0, 0];
  const compare = (here: number, there: number): void => {
    let [square, product, difference] = [0, 0, 0];
    for (let c = 0; c < 3; c++) {
      const mean = (crop.data[here * 3 + c] + crop.data[there * 3 + c]) / 2;
      const rise = crop.data[here * 3 + c] - crop.data[there * 3 + c];
      square += mean * mean;
      product += mean * rise;
      difference += rise * rise;
    }
    const shared = square > 0 ? (product * product) / square : 0;
    along += shared;
    beside += difference - shared;
    squares += square;
    count++;
  };
  for (let y = top - 2 * lag; y <= bottom + 2 * lag; y++) {
    for (let x = left - 2 * lag; x <= right + 2 * lag; x++) {
      if (!hole.isKnown(x, y)) continue;
      if (hole.isKnown(x + lag, y)) compare(y * crop.width + x, y * crop.width + x + lag);
      if (hole.isKnown(x, y + lag)) compare(y * crop.width + x, (y + lag) * crop.width + x);
    }
  }
  if (squares === 0) return usualLiveliness;
  // A difference has twice the variance; tint has two dimensions.
  return {
    brightness: Math.max(leastBrightness, Math.sqrt(along / 2 / squares)),
    tint: Math.max(leastTint, tintShare * Math.sqrt(beside / 4 / count)),
  };
}

function boundsOf(
  part: readonly number[],
  hole: HolePixels,
  width: number,
): Record<'left' | 'top' | 'right' | 'bottom', number> {
  const bounds = { left: width, top: Number.POSITIVE_INFINITY, right: -1, bottom: -1 };
  for (const n of part) {
    const x = hole.at[n] % width;
    const y = Math.floor(hole.at[n] / width);
    bounds.left = Math.min(bounds.left, x);
    bounds.right = Math.max(bounds.right, x);
    bounds.top = Math.min(bounds.top, y);
    bounds.bottom = Math.max(bounds.bottom, y);
  }
  return bounds;
}

/** Colour of a light where it hides everything: that of the brightest pixels. */
function lightColour(crop: Image, hole: HolePixels, part: readonly number[]): readonly number[] {
  const brightness = (n: number): number => {
    const at = hole.at[n] * 3;
    return crop.data[at] + crop.data[at + 1] + crop.data[at + 2];
  };
  const brightest = [...part]
    .sort((a, b) => brightness(b) - brightness(a))
    .slice(0, Math.max(1, Math.round(brightestShare * part.length)));
  return [0, 1, 2].map((c) => brightest.reduce((sum, n) => sum + crop.data[hole.at[n] * 3 + c], 0) / brightest.length);
}

/** Deviations that a pixel is judged by: `brightness` as a share, the others in the units of its colours. */
interface Deviations {
  readonly noise: number;
  readonly tint: number;
  readonly brightness: number;
}

/**
 * The most probable share of light and brightness beneath of one pixel: I = s·L + c·F with c = (1 - s)·b, least squares
 * with the prior b ≈ 1.
 */
function mix(
  pixel: readonly number[],
  fill: readonly number[],
  light: readonly number[],
  deviations: Deviations,
): { readonly share: number; readonly brightness: number } {
  const ll = dot(light, light);
  const lf = dot(light, fill);
  const ff = dot(fill, fill);
  const il = dot(pixel, light);
  const fi = dot(pixel, fill);
  const contrast = ll - 2 * lf + ff;
  const guess = contrast > 0 ? within01((il - lf - fi + ff) / contrast) : 0;
  const clear = Math.max(0.02, 1 - guess);
  const noise = deviations.noise ** 2 + (lightDeviation * guess) ** 2 + (deviations.tint * clear) ** 2;
  const prior = noise / (deviations.brightness * clear) ** 2;
  const determinant = (ll + prior) * (ff + prior) - (lf + prior) ** 2;
  if (!(determinant > 1e-9)) return { share: guess, brightness: 1 };
  const share = within01(((il + prior) * (ff + prior) - (fi + prior) * (lf + prior)) / determinant);
  // With the share clamped, what is left is the least squares of brightness alone.
  const shown = (fi - share * lf + prior * (1 - share)) / (ff + prior);
  const likely = (share < 0.99 ? shown / (1 - share) : 1) - 1;
  const most = 3 * deviations.brightness;
  return { share, brightness: 1 + Math.min(most, Math.max(-most, likely)) };
}

function dot(a: readonly number[], b: readonly number[]): number {
  return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}

function within01(value: number): number {
  return Math.min(1, Math.max(0, value));
}
