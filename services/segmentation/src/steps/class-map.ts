/** A square of a photo, in photo pixels. It may leave the photo. */
export interface Square {
  readonly x: number;
  readonly y: number;
  readonly side: number;
}

/** What each cell of a square shows: four planes of probabilities, `size` × `size` from the top, adding up to 1. */
export interface ClassMap {
  readonly size: number;
  readonly square: Square;
  readonly background: Float32Array;
  readonly sclera: Float32Array;
  readonly iris: Float32Array;
  readonly pupil: Float32Array;
}

/** Photo pixels per cell. */
export function cellSide({ size, square }: ClassMap): number {
  return square.side / size;
}

/** The four cells around a point and their weights (bilinear, border repeated); x and y in cells, corner origin. */
export interface Corners {
  /** The upper left cell; the others are at + 1, at + size and at + size + 1. */
  readonly at: number;
  readonly weights: readonly [number, number, number, number];
}

export function corners(size: number, x: number, y: number): Corners {
  const u = Math.min(Math.max(x - 0.5, 0), size - 1);
  const v = Math.min(Math.max(y - 0.5, 0), size - 1);
  const left = Math.min(u | 0, size - 2);
  const top = Math.min(v | 0, size - 2);
  const fx = u - left;
  const fy = v - top;
  return { at: top * size + left, weights: [(1 - fx) * (1 - fy), fx * (1 - fy), (1 - fx) * fy, fx * fy] };
}

/** The same map with `factor` times as many cells a side, interpolated: borders then run between the net's cells. */
export function refine(map: ClassMap, factor: number): ClassMap {
  const size = map.size * factor;
  const planes = ['background', 'sclera', 'iris', 'pupil'] as const;
  const finer = { background: empty(size), sclera: empty(size), iris: empty(size), pupil: empty(size) };
  for (let y = 0; y < size; y++) {
    for (let x = 0; x < size; x++) {
      const { at, weights } = corners(map.size, (x + 0.5) / factor, (y + 0.5) / factor);
      for (const name of planes) {
        const plane = map[name];
        finer[name][y * size + x] =
          plane[at] * weights[0] +
          plane[at + 1] * weights[1] +
          plane[at + map.size] * weights[2] +
          plane[at + map.size + 1] * weights[3];
      }
    }
  }
  return { size, square: map.square, ...finer };
}

function empty(size: number): Float32Array {
  return new Float32Array(size * size);
}
