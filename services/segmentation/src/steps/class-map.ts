import type { Square } from './square.ts';

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

/** A copy in which what lies beyond the photo is background: what a network says about the grey there means nothing. */
export function clearBeyond<M extends ClassMap>(map: M, photo: { readonly width: number; readonly height: number }): M {
  const cell = cellSide(map);
  const { size, square } = map;
  const copy = {
    ...map,
    background: map.background.slice(),
    sclera: map.sclera.slice(),
    iris: map.iris.slice(),
    pupil: map.pupil.slice(),
  };
  for (let i = 0; i < size * size; i++) {
    const x = square.x + ((i % size) + 0.5) * cell;
    const y = square.y + (Math.floor(i / size) + 0.5) * cell;
    if (x >= 0 && y >= 0 && x < photo.width && y < photo.height) continue;
    copy.background[i] = 1;
    copy.sclera[i] = 0;
    copy.iris[i] = 0;
    copy.pupil[i] = 0;
  }
  return copy;
}
