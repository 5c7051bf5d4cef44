import type { Image } from '@irisvue/vision';
import { depthsInside } from './hole-depth.ts';
import type { HolePixels } from './hole-pixels.ts';

/** A light by itself. */
export interface Light {
  readonly colour: readonly number[];
  /** By how many grey levels it differs from that colour from place to place. */
  readonly unevenness: number;
}

/** No lamp is quite even, in grey levels. */
const leastUnevenness = 1;
/** Shares of a hole that are held to be iris alone and light alone, by their brightness. */
const extremes = 0.05;
/** What is brighter than the middle between those is the light; this share of it, the innermost, hides everything. */
const coreShare = 0.15;

/** What a light looks like where it hides everything: in its middle. */
export function measureLight(crop: Image, hole: HolePixels, part: readonly number[]): Light {
  const brightness = (n: number): number => {
    const at = hole.at[n] * 3;
    return crop.data[at] + crop.data[at + 1] + crop.data[at + 2];
  };
  const sorted = Float32Array.from(part, brightness).sort();
  const end = Math.floor(extremes * (part.length - 1));
  const middle = (sorted[end] + sorted[part.length - 1 - end]) / 2;
  const bright = part.filter((n) => brightness(n) >= middle).sort((a, b) => a - b);
  const numbers = new Map(bright.map((n, k) => [n, k]));
  const depths = depthsInside(crop.width, {
    ...hole,
    count: bright.length,
    at: Int32Array.from(bright, (n) => hole.at[n]),
    numberAt: (x, y) => numbers.get(hole.numberAt(x, y)) ?? -1,
  });
  const core = [...bright.keys()]
    .sort((a, b) => depths[b] - depths[a])
    .slice(0, Math.max(1, Math.round(coreShare * bright.length)))
    .map((k) => hole.at[bright[k]] * 3);
  const colour = [0, 1, 2].map((c) => core.reduce((sum, at) => sum + crop.data[at + c], 0) / core.length);
  const squares = core.reduce(
    (sum, at) => sum + colour.reduce((all, v, c) => all + (crop.data[at + c] - v) ** 2, 0),
    0,
  );
  return { colour, unevenness: Math.max(leastUnevenness, Math.sqrt(squares / 3 / core.length)) };
}
