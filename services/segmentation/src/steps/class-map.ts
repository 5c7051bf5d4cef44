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

/** A plane sampled between its cells (bilinear, border repeated); x and y in cells, corner origin. */
export function sampleCell(plane: Float32Array, size: number, x: number, y: number): number {
  const u = Math.min(Math.max(x - 0.5, 0), size - 1);
  const v = Math.min(Math.max(y - 0.5, 0), size - 1);
  const left = Math.min(u | 0, size - 2);
  const top = Math.min(v | 0, size - 2);
  const fx = u - left;
  const fy = v - top;
  const i = top * size + left;
  const above = plane[i] + fx * (plane[i + 1] - plane[i]);
  const below = plane[i + size] + fx * (plane[i + size + 1] - plane[i + size]);
  return above + fy * (below - above);
}

/** The same map with `factor` times as many cells a side, interpolated: borders then run between the net's cells. */
export function refine(map: ClassMap, factor: number): ClassMap {
  const size = map.size * factor;
  const finer = (plane: Float32Array): Float32Array => {
    const out = new Float32Array(size * size);
    for (let y = 0; y < size; y++) {
      for (let x = 0; x < size; x++) {
        out[y * size + x] = sampleCell(plane, map.size, (x + 0.5) / factor, (y + 0.5) / factor);
      }
    }
    return out;
  };
  return {
    size,
    square: map.square,
    background: finer(map.background),
    sclera: finer(map.sclera),
    iris: finer(map.iris),
    pupil: finer(map.pupil),
  };
}
