import type { Image } from '@irisvue/vision';
import { boundsOf, type HolePixels } from './hole-pixels.ts';

/** A fill has to guess across about this share of the limbus radius. */
const lagShare = 0.05;
/** Colours wander less over that distance than single pixels' colours do: part of their deviation is noise. */
const tintShare = 0.5;
/** An iris is not believed to be flatter than this: a share of its brightness, and grey levels of tint. */
const leastBrightness = 0.01;
const leastTint = 0.7;
/** What is assumed where nothing around a hole is known. */
const usualLiveliness: Liveliness = { brightness: 0.1, tint: 3 };

/** How much an iris varies over the distance across which a fill must guess. */
export interface Liveliness {
  /** Deviation of brightness, as a share of it. */
  readonly brightness: number;
  /** Deviation of colour at the same brightness, in grey levels. */
  readonly tint: number;
}

/** From differences of known pixels around a hole that lie `lagShare` of the limbus radius apart. */
export function measureLiveliness(crop: Image, hole: HolePixels, part: readonly number[], radius: number): Liveliness {
  const lag = Math.max(2, Math.round(lagShare * radius));
  const { left, top, right, bottom } = boundsOf(hole, part, crop.width);
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
