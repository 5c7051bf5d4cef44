import type { Image } from '@irisvue/vision';
import { type HolePixels, separateHoles } from './hole-pixels.ts';
import { type Liveliness, measureLiveliness } from './liveliness.ts';
import { type Light, measureLight } from './measure-light.ts';
import { type RimPixels, type RimShares, readRim } from './rim/read-rim.ts';

/** What shows through a light, pixel by pixel in the order of the hole's pixels. */
export interface SeenThrough {
  /** Colours beneath the light, 0 to 255, three for each pixel. */
  readonly colours: Float32Array;
  /** Share of the light in each pixel: 0 is clear, 1 hides everything. */
  readonly cover: Float32Array;
}

/** Deviation of a pixel's value from what it stands for, rounding and sensor noise, in grey levels. */
const noiseDeviation = 1;
/** The part of it that is rounding. */
const rounding = 0.35;
/** By which share more a rim's cover is off than followRim believes. */
const rimDeviation = 0.005;
/**
 * Light adds up before the camera's tone curve. That is about a power of 2.2; in edited pictures and overlays light is
 * mixed in grey levels. Which it is, each hole tells itself.
 */
const exponents = [1, 2.2];
/** Shares of light from which that is told. */
const leastTold = 0.1;
const mostTold = 0.85;
/** No pixel is held to show less of the iris than this. */
const leastClear = 1e-3;
/** Less of the iris than this is lost in the rounding of a pixel. */
const nothingShows = 2 * leastClear;
/** Variance of a share that nothing but the pixel tells. */
const unsure = 100;

/** A hole of one light, with what is known of it before it is separated. */
interface LitPart {
  readonly part: readonly number[];
  readonly light: Light;
  readonly liveliness: Liveliness;
  /** Tone curves that it may be; one once it is known. */
  readonly exponents: readonly number[];
}

/** Separates lights from what they lie on, as often as a better fill is known. */
export type SeeThrough = (expected: Float32Array) => SeenThrough;

/**
 * Separates a light from what it lies on. A pixel is a mix I = s·L + (1 - s)·T of the light's colour L and the iris T
 * (the dichromatic model of Shafer, 1985): at a light's edge, and beneath a weak one, the iris shows through. 1) With a
 * fill F as what is expected, T ≈ b·F with b near 1, each pixel has a most probable share s, in closed form (mix); how
 * far b and the tint may wander is measured around the hole; 2) all around the light the share falls alike (readRim);
 * 3) T is the most probable colour, given F, the pixel, and how sure the share is. The first call also tells each hole's
 * tone curve.
 *
 * Calls take a fill of the hole, three values for each pixel, 0 to 255.
 *
 * @param radius of the limbus, in pixels.
 */
export function seeThrough(crop: Image, hole: HolePixels, radius: number): SeeThrough {
  const lights: LitPart[] = separateHoles(hole, crop.width).map((part) => ({
    part,
    light: measureLight(crop, hole, part),
    liveliness: measureLiveliness(crop, hole, part, radius),
    exponents,
  }));
  return (expected) => {
    const colours = Float32Array.from(expected);
    const cover = new Float32Array(hole.count).fill(1);
    lights.forEach((lit, at) => {
      const tries = lit.exponents.map((exponent) => separate(crop, hole, lit, expected, exponent));
      const best = tries.reduce((a, b) => (b.surprise < a.surprise ? b : a));
      lights[at] = { ...lit, exponents: [lit.exponents[tries.indexOf(best)]] };
      lit.part.forEach((n, k) => {
        cover[n] = best.cover[k];
        for (let c = 0; c < 3; c++) colours[n * 3 + c] = best.colours[k * 3 + c];
      });
    });
    return { colours, cover };
  };
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
  { part, light, liveliness }: LitPart,
  expected: Float32Array,
  exponent: number,
): Separated {
  const toLight = (value: number): number => (exponent === 1 ? value : 255 * (Math.max(0, value) / 255) ** exponent);
  const toGrey = (value: number): number =>
    exponent === 1 ? value : 255 * (Math.min(255, Math.max(0, value)) / 255) ** (1 / exponent);
  const slope = (value: number): number =>
    exponent === 1 ? 1 : exponent * (Math.max(8, value) / 255) ** (exponent - 1);
  const lamp = light.colour.map(toLight);
  const unevenness = light.unevenness * exponent;
  const lightOf = Float64Array.from({ length: 256 }, (_, value) => toLight(value));
  const pixelAt = (n: number): number[] => [0, 1, 2].map((c) => lightOf[crop.data[hole.at[n] * 3 + c]]);
  const fillAt = (n: number): number[] => [0, 1, 2].map((c) => toLight(expected[n * 3 + c]));
  const pixelSlope = (n: number): number => slope(meanOf(crop.data, hole.at[n]));
  const tintAt = (n: number): number => liveliness.tint * slope(meanOf(expected, n));
  const brightness = liveliness.brightness * exponent;
  const count = part.length;
  const pixels: RimPixels = {
    clear: new Float32Array(count),
    texture: new Float32Array(count),
    noise: new Float32Array(count),
  };
  part.forEach((n, k) => {
    const fill = fillAt(n);
    const noise = noiseDeviation * pixelSlope(n);
    const share = mix(pixelAt(n), fill, lamp, { noise, unevenness, tint: tintAt(n), brightness });
    const contrast = Math.max(1, Math.hypot(lamp[0] - fill[0], lamp[1] - fill[1], lamp[2] - fill[2]));
    pixels.clear[k] = 1 - share;
    pixels.texture[k] = Math.hypot((brightness * Math.hypot(fill[0], fill[1], fill[2])) / contrast, 0.01);
    pixels.noise[k] = Math.hypot(rounding * pixelSlope(n), unevenness * share) / contrast;
  });
  const rim = readRim(crop.width, hole, part, pixels);
  const colours = new Float32Array(count * 3);
  const cover = new Float32Array(count);
  let [squares, told] = [0, 0];
  part.forEach((n, k) => {
    const fill = fillAt(n);
    const { clear, shift, variance } = weigh(pixels, rim, k);
    cover[k] = 1 - clear;
    if (clear < nothingShows) {
      for (let c = 0; c < 3; c++) colours[k * 3 + c] = expected[n * 3 + c];
      return;
    }
    const noise = ((rounding * pixelSlope(n)) ** 2 + (unevenness * cover[k]) ** 2) / clear ** 2;
    const shown = pixelAt(n).map((value, c) => lamp[c] - ((lamp[c] - value) / clear) * (1 - shift));
    const likely = mostLikely(fill, shown, lamp, {
      noise,
      tint: tintAt(n) ** 2,
      brightness: brightness ** 2,
      variance,
    });
    const isTold = cover[k] > leastTold && cover[k] < mostTold;
    if (isTold) told++;
    for (let c = 0; c < 3; c++) {
      colours[k * 3 + c] = toGrey(likely[c]);
      if (isTold) squares += (colours[k * 3 + c] - expected[n * 3 + c]) ** 2;
    }
  });
  return { colours, cover, surprise: squares / Math.max(1, told) };
}

/**
 * How much of the iris shows in a pixel: what its rim says and what it says itself, by their certainty. As the latter
 * rests on the fill, it is only where the mix is made linear: `shift` leads back to what the rim says.
 */
function weigh(
  pixels: RimPixels,
  rim: RimShares | undefined,
  k: number,
): { readonly clear: number; readonly shift: number; readonly variance: number } {
  if (!rim) return { clear: Math.max(leastClear, pixels.clear[k]), shift: 0, variance: unsure };
  const told = Math.max(leastClear, rim.clear[k]);
  const variance = rim.variance[k] + rimDeviation ** 2;
  const byRim = 1 / (variance * told ** 2);
  const byPixel = 1 / ((pixels.texture[k] * told) ** 2 + pixels.noise[k] ** 2);
  const clear = Math.max(leastClear, (byRim * told + byPixel * pixels.clear[k]) / (byRim + byPixel));
  return { clear, shift: Math.max(-1, Math.min(1, Math.log(told / clear))), variance };
}

/** Variances by which a colour is judged: of brightness and of what shows as shares of them, else in squared levels. */
interface Variances {
  readonly noise: number;
  readonly tint: number;
  readonly brightness: number;
  readonly variance: number;
}

/**
 * The most probable colour: near the fill F with the covariance t·1 + b·FFᵀ, and near what shows with n·1 + v·UUᵀ, as a
 * wrong share moves it along U = L - F.
 */
function mostLikely(
  fill: readonly number[],
  shown: readonly number[],
  lamp: readonly number[],
  { noise, tint, brightness, variance }: Variances,
): readonly number[] {
  const away = fill.map((value, c) => lamp[c] - value);
  const covariance = (i: number, j: number): number =>
    (i === j ? tint + noise : 0) + brightness * fill[i] * fill[j] + variance * away[i] * away[j];
  const [a, b, c] = [covariance(0, 0), covariance(0, 1), covariance(0, 2)];
  const [d, e, f] = [covariance(1, 1), covariance(1, 2), covariance(2, 2)];
  const [p, q, r] = [d * f - e * e, c * e - b * f, b * e - c * d];
  const determinant = a * p + b * q + c * r;
  const [x, y, z] = shown.map((value, i) => value - fill[i]);
  const pull = [
    (p * x + q * y + r * z) / determinant,
    (q * x + (a * f - c * c) * y + (b * c - a * e) * z) / determinant,
    (r * x + (b * c - a * e) * y + (a * d - b * b) * z) / determinant,
  ];
  const along = brightness * dot(fill, pull);
  return fill.map((value, i) => value + tint * pull[i] + along * value);
}

function meanOf(values: ArrayLike<number>, pixel: number): number {
  return (values[pixel * 3] + values[pixel * 3 + 1] + values[pixel * 3 + 2]) / 3;
}

/** Deviations that a pixel is judged by: `brightness` as a share, the others in the units of its colours. */
interface Deviations {
  readonly noise: number;
  readonly unevenness: number;
  readonly tint: number;
  readonly brightness: number;
}

/**
 * The most probable share of light of one pixel: I = s·L + c·F with c = (1 - s)·b, least squares with the prior b ≈ 1.
 */
function mix(
  pixel: readonly number[],
  fill: readonly number[],
  light: readonly number[],
  deviations: Deviations,
): number {
  const ll = dot(light, light);
  const lf = dot(light, fill);
  const ff = dot(fill, fill);
  const il = dot(pixel, light);
  const fi = dot(pixel, fill);
  const contrast = ll - 2 * lf + ff;
  const guess = contrast > 0 ? within01((il - lf - fi + ff) / contrast) : 0;
  const clear = Math.max(0.02, 1 - guess);
  const noise = deviations.noise ** 2 + (deviations.unevenness * guess) ** 2 + (deviations.tint * clear) ** 2;
  const prior = noise / (deviations.brightness * clear) ** 2;
  const determinant = (ll + prior) * (ff + prior) - (lf + prior) ** 2;
  if (!(determinant > 1e-9)) return guess;
  return within01(((il + prior) * (ff + prior) - (fi + prior) * (lf + prior)) / determinant);
}

function dot(a: readonly number[], b: readonly number[]): number {
  return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}

function within01(value: number): number {
  return Math.min(1, Math.max(0, value));
}
