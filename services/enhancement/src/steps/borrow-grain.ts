import type { Image } from '@irisvue/vision';
import { depthsInside } from './hole-depth.ts';
import { type HolePixels, separateHoles } from './hole-pixels.ts';
import type { PolarFrame } from './polar-frame.ts';
import type { SeenThrough } from './see-through.ts';

/** Turns that are tried for a donor, each way, in radians. */
const turns = Array.from({ length: 40 }, (_, i) => ((i + 1) * Math.PI) / 41).flatMap((turn) => [turn, -turn]);
/** Share of the donor's grain that is laid on: all of it would be as wrong as it is lively, and further from the truth. */
const grainShare = 0.25;
/** Grain is what differs from the mean over this share of the limbus radius, each way. */
const grainScale = 0.045;
/** Grain sets in over this share of its own scale: at the rim the fibres themselves still go on. */
const setInShare = 0.5;
/** About this many pixels of a hole are looked at when donors are compared. */
const sampleSize = 1500;
/** Least share of a hole that must land on known iris. */
const leastLanded = 0.9;
/** The mean is taken over a grid of about this many points each way. */
const meanPoints = 9;

/**
 * Lays grain over a smooth fill, in place, hole by hole: 1) the hole is turned around the pupil's centre, so that each
 * pixel keeps its radius and fibres keep their direction; 2) of the turns that land on known iris the one whose colours
 * are closest to the fill is the donor; 3) the donor's grain, what is left of it after a mean over its neighbourhood,
 * is added, less of it near the rim, and none where the iris is seen through the light.
 */
export function borrowGrain(
  crop: Image,
  hole: HolePixels,
  frame: PolarFrame,
  radius: number,
  { colours, cover }: SeenThrough,
): void {
  const half = Math.max(1, Math.round(grainScale * radius));
  const depths = depthsInside(crop.width, hole);
  for (const part of separateHoles(hole, crop.width)) {
    const turn = chooseTurn(crop, hole, frame, part, colours);
    if (turn === undefined) continue;
    for (const n of part) {
      const [x, y] = turned(crop.width, hole, frame, n, turn);
      const mean = meanAround(crop, hole, x, y, half);
      if (!mean) continue;
      const amount = grainShare * cover[n] * Math.min(1, depths[n] / (1 + setInShare * half));
      for (let c = 0; c < 3; c++) colours[n * 3 + c] += amount * (crop.data[(y * crop.width + x) * 3 + c] - mean[c]);
    }
  }
}

function turned(width: number, hole: HolePixels, frame: PolarFrame, n: number, turn: number): [number, number] {
  const dx = (hole.at[n] % width) + 0.5 - frame.centreX;
  const dy = Math.floor(hole.at[n] / width) + 0.5 - frame.centreY;
  const cos = Math.cos(turn);
  const sin = Math.sin(turn);
  return [Math.floor(frame.centreX + dx * cos - dy * sin), Math.floor(frame.centreY + dx * sin + dy * cos)];
}

/** The turn whose landing place differs least from the fill; undefined when none lands on enough known iris. */
function chooseTurn(
  crop: Image,
  hole: HolePixels,
  frame: PolarFrame,
  part: readonly number[],
  colours: Float32Array,
): number | undefined {
  let best: { readonly turn: number; readonly cost: number } | undefined;
  const step = Math.ceil(part.length / sampleSize);
  const looked = part.filter((_, k) => k % step === 0);
  for (const turn of turns) {
    let cost = 0;
    let landed = 0;
    for (const n of looked) {
      const [x, y] = turned(crop.width, hole, frame, n, turn);
      if (!hole.isKnown(x, y)) continue;
      landed++;
      for (let c = 0; c < 3; c++) cost += Math.abs(crop.data[(y * crop.width + x) * 3 + c] - colours[n * 3 + c]);
    }
    if (landed < leastLanded * looked.length) continue;
    if (!best || cost / landed < best.cost) best = { turn, cost: cost / landed };
  }
  return best?.turn;
}

/** Mean of known pixels around one; undefined when that one is not known. */
function meanAround(crop: Image, hole: HolePixels, x: number, y: number, half: number): number[] | undefined {
  if (!hole.isKnown(x, y)) return undefined;
  const inPupil = hole.isPupil(y * crop.width + x);
  const sum = [0, 0, 0];
  let count = 0;
  const step = Math.max(1, Math.round((2 * half) / meanPoints));
  for (let v = y - half; v <= y + half; v += step) {
    for (let u = x - half; u <= x + half; u += step) {
      if (!hole.isKnown(u, v) || hole.isPupil(v * crop.width + u) !== inPupil) continue;
      for (let c = 0; c < 3; c++) sum[c] += crop.data[(v * crop.width + u) * 3 + c];
      count++;
    }
  }
  return count > 0 ? sum.map((value) => value / count) : undefined;
}
