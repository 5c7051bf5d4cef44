import type { Image } from '@irisvue/vision';
import { depthsInside } from './hole-depth.ts';
import type { HolePixels } from './hole-pixels.ts';
import type { PolarFrame } from './polar-frame.ts';

/** Turns that are tried for a donor, each way, in radians. */
const turns = Array.from({ length: 24 }, (_, i) => ((i + 1) * Math.PI) / 26).flatMap((turn) => [turn, -turn]);
/** Share of the donor's grain that is laid on: all of it would be as wrong as it is lively. */
const grainShare = 0.5;
/** Grain is what is finer than this share of the limbus radius. */
const grainScale = 0.03;
/** Depth in pixels of the hole over which grain sets in: at the rim the fibres themselves still go on. */
const setIn = 4;
/** Every how many-th pixel of the hole is looked at when donors are compared. */
const sampling = 3;

/**
 * Lays fine grain over a smooth fill, in place: 1) the hole is turned around the pupil's centre, so that each pixel
 * keeps its radius; 2) of the turns that land on known iris the one whose colours are closest to the fill is the donor;
 * 3) the donor's grain, what is left of it after a mean over its neighbourhood, is added, less of it near the rim.
 */
export function borrowGrain(
  crop: Image,
  hole: HolePixels,
  frame: PolarFrame,
  radius: number,
  colours: Float32Array,
): void {
  const donors = hole.count > 0 ? chooseTurn(crop, hole, frame, colours) : undefined;
  if (donors === undefined) return;
  const half = Math.max(1, Math.round((grainScale * radius) / 2));
  const depths = depthsInside(crop.width, hole);
  for (let n = 0; n < hole.count; n++) {
    const [x, y] = turned(crop.width, hole, frame, n, donors);
    const mean = meanAround(crop, hole, x, y, half);
    if (!mean) continue;
    const amount = grainShare * Math.min(1, depths[n] / (setIn + half));
    for (let c = 0; c < 3; c++) colours[n * 3 + c] += amount * (crop.data[(y * crop.width + x) * 3 + c] - mean[c]);
  }
}

function turned(width: number, hole: HolePixels, frame: PolarFrame, n: number, turn: number): [number, number] {
  const dx = (hole.at[n] % width) + 0.5 - frame.centreX;
  const dy = Math.floor(hole.at[n] / width) + 0.5 - frame.centreY;
  const cos = Math.cos(turn);
  const sin = Math.sin(turn);
  return [Math.floor(frame.centreX + dx * cos - dy * sin), Math.floor(frame.centreY + dx * sin + dy * cos)];
}

/** The turn whose landing place differs least from the fill; undefined when less than nine tenths lands on known iris. */
function chooseTurn(crop: Image, hole: HolePixels, frame: PolarFrame, colours: Float32Array): number | undefined {
  let best: { turn: number; cost: number } | undefined;
  for (const turn of turns) {
    let cost = 0;
    let landed = 0;
    let tried = 0;
    for (let n = 0; n < hole.count; n += sampling) {
      tried++;
      const [x, y] = turned(crop.width, hole, frame, n, turn);
      if (!hole.isKnown(x, y)) continue;
      landed++;
      for (let c = 0; c < 3; c++) cost += Math.abs(crop.data[(y * crop.width + x) * 3 + c] - colours[n * 3 + c]);
    }
    if (landed < 0.9 * tried) continue;
    if (!best || cost / landed < best.cost) best = { turn, cost: cost / landed };
  }
  return best?.turn;
}

/** Mean of known pixels around one, on a grid of about 9 × 9; undefined when that one is not known. */
function meanAround(crop: Image, hole: HolePixels, x: number, y: number, half: number): number[] | undefined {
  if (!hole.isKnown(x, y)) return undefined;
  const sum = [0, 0, 0];
  let count = 0;
  const step = Math.max(1, Math.round(half / 4));
  for (let v = y - half; v <= y + half; v += step) {
    for (let u = x - half; u <= x + half; u += step) {
      if (!hole.isKnown(u, v)) continue;
      for (let c = 0; c < 3; c++) sum[c] += crop.data[(v * crop.width + u) * 3 + c];
      count++;
    }
  }
  return sum.map((value) => value / count);
}
