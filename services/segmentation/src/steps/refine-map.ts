import { type ClassMap, cellSide } from './class-map.ts';
import type { Square } from './square.ts';

/** The cells of a map that a square of the photo touches, with two more on each side for what is interpolated there. */
export function cutMap(map: ClassMap, { x, y, side }: Square): ClassMap {
  const cell = cellSide(map);
  const size = Math.min(map.size, Math.ceil(side / cell) + 5);
  const start = (from: number): number => Math.min(Math.max(0, Math.floor(from / cell) - 2), map.size - size);
  const left = start(x - map.square.x);
  const top = start(y - map.square.y);
  const cut = (plane: Float32Array): Float32Array => {
    const out = new Float32Array(size * size);
    for (let row = 0; row < size; row++) {
      const from = (top + row) * map.size + left;
      out.set(plane.subarray(from, from + size), row * size);
    }
    return out;
  };
  return {
    size,
    square: { x: map.square.x + left * cell, y: map.square.y + top * cell, side: size * cell },
    background: cut(map.background),
    sclera: cut(map.sclera),
    iris: cut(map.iris),
    pupil: cut(map.pupil),
  };
}

/** The same map with `factor` times as many cells a side, by cubic curves: borders then run smoothly between cells. */
export function refineMap(map: ClassMap, factor: number): ClassMap {
  const { size, square } = map;
  const finer = (plane: Float32Array): Float32Array => {
    const wide = transposed(refineRows(plane, size, factor), size * factor);
    return transposed(refineRows(wide, size, factor), size * factor);
  };
  return {
    size: size * factor,
    square,
    background: finer(map.background),
    sclera: finer(map.sclera),
    iris: finer(map.iris),
    pupil: finer(map.pupil),
  };
}

/** Rows of `size` values, each made `factor` times as long. */
function refineRows(plane: Float32Array, size: number, factor: number): Float32Array {
  const out = new Float32Array(plane.length * factor);
  const phases = Array.from({ length: factor }, (_, phase) => cubicWeights((phase + 0.5) / factor + 0.5));
  for (let row = 0; row < plane.length; row += size) {
    for (let x = 0; x < size; x++) {
      for (let phase = 0; phase < factor; phase++) {
        // Below half a cell, a place lies between this cell's centre and the one before.
        const first = 2 * phase + 1 < factor ? x - 2 : x - 1;
        const weights = phases[phase];
        let sum = 0;
        for (let k = 0; k < 4; k++) sum += weights[k] * plane[row + Math.min(size - 1, Math.max(0, first + k))];
        out[row * factor + x * factor + phase] = sum;
      }
    }
  }
  return out;
}

/** Catmull and Rom's weights of the four values around a place `t` behind the second one; of t only the fraction counts. */
function cubicWeights(t: number): readonly number[] {
  const f = t % 1;
  return [
    (-f + 2 * f ** 2 - f ** 3) / 2,
    (2 - 5 * f ** 2 + 3 * f ** 3) / 2,
    (f + 4 * f ** 2 - 3 * f ** 3) / 2,
    (-(f ** 2) + f ** 3) / 2,
  ];
}

function transposed(plane: Float32Array, columns: number): Float32Array {
  const rows = plane.length / columns;
  const out = new Float32Array(plane.length);
  for (let y = 0; y < rows; y++) {
    for (let x = 0; x < columns; x++) out[x * rows + y] = plane[y * columns + x];
  }
  return out;
}
