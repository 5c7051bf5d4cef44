import { type Ellipse, Label, type Mask } from '@irisvue/vision';

/** Pixels to be filled, numbered 0 … count - 1, and what surrounds them. */
export interface HolePixels {
  readonly count: number;
  /** Index of each in the crop. */
  readonly at: Int32Array;
  /** Number of the pixel at (x, y) if it is to be filled, otherwise -1. */
  numberAt(x: number, y: number): number;
  /** Whether the pixel at (x, y) is iris or pupil and not to be filled. */
  isKnown(x: number, y: number): boolean;
  /** Whether the pixel with this index in the crop is pupil: its fitted ellipse, since a light hides its border. */
  isPupil(i: number): boolean;
}

/** Numbers the pixels of a hole, row by row. */
export function numberHole(hole: Mask, labels: Mask, pupil: Ellipse | undefined): HolePixels {
  const { width, height } = hole;
  const at = indices(hole);
  const columns = at.map((i) => i % width);
  const left = columns.reduce((a, b) => Math.min(a, b), width);
  const right = columns.reduce((a, b) => Math.max(a, b), -1);
  const top = at.length > 0 ? Math.floor(at[0] / width) : 0;
  const bottom = at.length > 0 ? Math.floor(at[at.length - 1] / width) : -1;
  const span = right - left + 1;
  const numbers = new Int32Array(Math.max(0, span * (bottom - top + 1))).fill(-1);
  at.forEach((i, n) => {
    numbers[(Math.floor(i / width) - top) * span + columns[n] - left] = n;
  });
  const inPupil = pupil ? insideOf(pupil) : () => false;
  return {
    count: at.length,
    at,
    numberAt: (x, y) => (x < left || x > right || y < top || y > bottom ? -1 : numbers[(y - top) * span + x - left]),
    isPupil: (i) => inPupil((i % width) + 0.5, Math.floor(i / width) + 0.5),
    isKnown: (x, y) => {
      if (x < 0 || y < 0 || x >= width || y >= height) return false;
      const label = labels.data[y * width + x];
      return (label === Label.iris || label === Label.pupil) && hole.data[y * width + x] === 0;
    },
  };
}

function insideOf(e: Ellipse): (x: number, y: number) => boolean {
  const turn = (e.angleDegrees * Math.PI) / 180;
  const cos = Math.cos(turn);
  const sin = Math.sin(turn);
  return (x, y) => {
    const p = ((x - e.cx) * cos + (y - e.cy) * sin) / e.a;
    const q = ((y - e.cy) * cos - (x - e.cx) * sin) / e.b;
    return p * p + q * q < 1;
  };
}

function indices({ data }: Mask): Int32Array {
  let count = 0;
  for (let i = 0; i < data.length; i++) if (data[i] > 0) count++;
  const at = new Int32Array(count);
  for (let i = 0, n = 0; n < count; i++) if (data[i] > 0) at[n++] = i;
  return at;
}

/** The first and the last column and row of some of a hole's pixels, given by their numbers. */
export function boundsOf(
  hole: HolePixels,
  part: readonly number[],
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

/** The separate holes (8 neighbours), each as the numbers of its pixels. */
export function separateHoles(hole: HolePixels, width: number): number[][] {
  const seen = new Uint8Array(hole.count);
  const parts: number[][] = [];
  for (let start = 0; start < hole.count; start++) {
    if (seen[start] === 1) continue;
    const part = [start];
    seen[start] = 1;
    for (let head = 0; head < part.length; head++) {
      const x = hole.at[part[head]] % width;
      const y = Math.floor(hole.at[part[head]] / width);
      for (let v = y - 1; v <= y + 1; v++) {
        for (let u = x - 1; u <= x + 1; u++) {
          const n = hole.numberAt(u, v);
          if (n < 0 || seen[n] === 1) continue;
          seen[n] = 1;
          part.push(n);
        }
      }
    }
    parts.push(part);
  }
  return parts;
}
