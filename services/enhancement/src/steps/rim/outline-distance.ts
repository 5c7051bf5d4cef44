import type { CoverPlane, LightOutline } from './light-outline.ts';

/** How far each pixel of a plane lies inside a light's outline. */
export interface OutlineDistances {
  /** In pixels, negative outside; no more than `furthest`. */
  readonly distance: Float32Array;
  /** Number of the nearest piece of the outline; -1 where none is within `furthest`. */
  readonly nearest: Int32Array;
}

/** Up to this distance the outline itself says on which side a pixel lies; further off its cover does. In pixels. */
const closeBy = 1.5;
/** No edge is wider, in pixels (see read-rim.ts). */
const furthest = 20;

/** Every pixel's distance: each learns of the nearest piece from its neighbours (Danielsson 1980). */
export function measureDistances(outline: LightOutline, { width, height, cover }: CoverPlane): OutlineDistances {
  const { x, y, inX, inY, from, to, cell } = outline;
  const distance = new Float32Array(width * height).fill(furthest);
  const nearest = new Int32Array(width * height).fill(-1);
  const offer = (i: number, column: number, row: number, piece: number): void => {
    if (piece < 0 || piece === nearest[i]) return;
    const [a, b] = [from[piece], to[piece]];
    const [ux, uy, px, py] = [x[b] - x[a], y[b] - y[a], column - x[a], row - y[a]];
    const square = ux * ux + uy * uy;
    const along = square > 0 ? Math.min(1, Math.max(0, (px * ux + py * uy) / square)) : 0;
    const d = Math.hypot(px - along * ux, py - along * uy);
    if (d >= distance[i]) return;
    distance[i] = d;
    nearest[i] = piece;
  };
  cell.forEach((first, piece) => {
    for (const i of [first, first + 1, first + width, first + width + 1])
      offer(i, i % width, Math.floor(i / width), piece);
  });
  const sweep = (i: number, column: number, row: number, sign: 1 | -1): void => {
    const left = column - sign >= 0 && column - sign < width;
    const right = column + sign >= 0 && column + sign < width;
    if (left) offer(i, column, row, nearest[i - sign]);
    if (row - sign < 0 || row - sign >= height) return;
    const above = i - sign * width;
    offer(i, column, row, nearest[above]);
    if (left) offer(i, column, row, nearest[above - sign]);
    if (right) offer(i, column, row, nearest[above + sign]);
  };
  for (let i = 0; i < distance.length; i++) sweep(i, i % width, Math.floor(i / width), 1);
  for (let i = distance.length - 1; i >= 0; i--) sweep(i, i % width, Math.floor(i / width), -1);
  for (let i = 0; i < distance.length; i++) {
    if (nearest[i] < 0) {
      if (cover[i] <= 0.5) distance[i] = -furthest;
      continue;
    }
    const [a, b] = [from[nearest[i]], to[nearest[i]]];
    const [px, py] = [(i % width) - (x[a] + x[b]) / 2, Math.floor(i / width) - (y[a] + y[b]) / 2];
    const inside = distance[i] < closeBy ? px * (inX[a] + inX[b]) + py * (inY[a] + inY[b]) > 0 : cover[i] > 0.5;
    if (!inside) distance[i] = -distance[i];
  }
  return { distance, nearest };
}
