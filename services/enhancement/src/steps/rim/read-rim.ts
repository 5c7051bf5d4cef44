import { boundsOf, type HolePixels } from '../hole-pixels.ts';
import { clearAt } from './edge-profile.ts';
import { followRim, type RimPlane } from './follow-rim.ts';

/** What single pixels of one hole say of the light, in the order of its pixels. */
export interface RimPixels {
  /** Share of the iris that seems to show, 0 to 1. */
  readonly clear: Float32Array;
  /** By how much that is wrong since the iris is not what was expected, as a share of it. */
  readonly texture: Float32Array;
  /** By how much it is wrong besides. */
  readonly noise: Float32Array;
}

/** What shows in the order of the hole's pixels, as its rim tells. */
export interface RimShares {
  readonly clear: Float32Array;
  /** Variance of the logarithm of `clear`. */
  readonly variance: Float32Array;
}

/** Known pixels around a hole that are looked at, in pixels of the plane. */
const margin = 3;
/** An edge is looked at so large that it is about as wide, in pixels: more only costs time. */
const enoughWidth = 5;
/** Noise of a known pixel that no light covers. */
const clearNoise = 0.005;

/** Reads a light's cover from its whole rim (followRim); undefined where there is no rim to follow. */
export function readRim(
  width: number,
  hole: HolePixels,
  part: readonly number[],
  pixels: RimPixels,
): RimShares | undefined {
  const frame = frameOf(width, hole, part, Math.max(1, Math.floor(edgeWidth(width, hole, part, pixels) / enoughWidth)));
  const plane = gather(hole, part, pixels, frame);
  const rim = followRim(plane);
  if (!rim) return undefined;
  const clear = new Float32Array(part.length);
  const variance = new Float32Array(part.length);
  part.forEach((n, k) => {
    const x = ((hole.at[n] % width) + 0.5 - frame.left) / frame.size - 0.5;
    const y = (Math.floor(hole.at[n] / width) + 0.5 - frame.top) / frame.size - 0.5;
    clear[k] = clearAt(rim.profile, between(rim.distance, plane.width, x, y));
    variance[k] = between(rim.variance, plane.width, x, y);
  });
  return { clear, variance };
}

/** Where a plane lies in the crop, and how many pixels of the crop each way are one of the plane. */
interface PlaneFrame {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
  readonly size: number;
}

function frameOf(width: number, hole: HolePixels, part: readonly number[], size: number): PlaneFrame {
  const { left, top, right, bottom } = boundsOf(hole, part, width);
  return {
    left: left - margin * size,
    top: top - margin * size,
    width: Math.ceil((right + 1 - left) / size) + 2 * margin,
    height: Math.ceil((bottom + 1 - top) / size) + 2 * margin,
    size,
  };
}

/** Width of a light's edge in pixels: those that are partly covered, by the length of the line that is half covered. */
function edgeWidth(width: number, hole: HolePixels, part: readonly number[], { clear }: RimPixels): number {
  const shows = new Float32Array(hole.count).fill(1);
  part.forEach((n, k) => {
    shows[n] = clear[k];
  });
  let [partly, crossings] = [0, 0];
  part.forEach((n, k) => {
    if (clear[k] > 0.1 && clear[k] < 0.9) partly++;
    const [x, y] = [hole.at[n] % width, Math.floor(hole.at[n] / width)];
    for (const neighbour of [hole.numberAt(x + 1, y), hole.numberAt(x, y + 1)]) {
      if (neighbour >= 0 && shows[neighbour] > 0.5 !== clear[k] > 0.5) crossings++;
    }
  });
  // Pixels from 0.1 to 0.9 are four fifths of the edge; a line crosses 4/π of the grid's edges for each pixel of length.
  return crossings > 0 ? partly / 0.8 / ((crossings * Math.PI) / 4) : 1;
}

function gather(hole: HolePixels, part: readonly number[], pixels: RimPixels, frame: PlaneFrame): RimPlane {
  const order = new Int32Array(hole.count).fill(-1);
  part.forEach((n, k) => {
    order[n] = k;
  });
  const area = frame.width * frame.height;
  const plane = {
    width: frame.width,
    height: frame.height,
    cover: new Float32Array(area),
    known: new Float32Array(area).fill(1),
    lit: new Uint8Array(area),
    clear: new Float32Array(area),
    texture: new Float32Array(area),
    noise: new Float32Array(area),
  };
  const each = 1 / frame.size ** 2;
  for (let i = 0; i < area; i++) {
    const left = frame.left + (i % frame.width) * frame.size;
    const top = frame.top + Math.floor(i / frame.width) * frame.size;
    for (let y = top; y < top + frame.size; y++) {
      for (let x = left; x < left + frame.size; x++) {
        const n = hole.numberAt(x, y);
        const k = n < 0 ? -1 : order[n];
        if (k >= 0) plane.lit[i] = 1;
        else if (!hole.isKnown(x, y)) plane.known[i] = 0;
        plane.clear[i] += each * (k < 0 ? 1 : pixels.clear[k]);
        plane.texture[i] += each * (k < 0 ? 0 : pixels.texture[k]);
        plane.noise[i] += each * (k < 0 ? clearNoise : pixels.noise[k]);
      }
    }
    plane.cover[i] = 1 - plane.clear[i];
  }
  return plane;
}

/** A plane's value between four pixels; the plane has a margin, so all four are there. */
function between(plane: Float32Array, width: number, x: number, y: number): number {
  const [x0, y0] = [Math.floor(x), Math.floor(y)];
  const [fx, fy] = [x - x0, y - y0];
  const at = y0 * width + x0;
  if (fx === 0 && fy === 0) return plane[at];
  const upper = plane[at] + (plane[at + 1] - plane[at]) * fx;
  const lower = plane[at + width] + (plane[at + width + 1] - plane[at + width]) * fx;
  return upper + (lower - upper) * fy;
}
