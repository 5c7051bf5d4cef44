import { emptyMask, type Image, type Mask } from '@irisvue/vision';
import type { StandardIris } from './standard-iris.ts';

/** Side of the blocks in which darkness is judged, in pixels. */
const BLOCK = 8;
/** A block whose brightest channel is below this on average was blacked out: lids and lashes are, a dark iris is not. */
const BLACK_LEVEL = 6;
/** How far from a lid's edge an iris counts as fully visible, in limbus radii. Also what bridges crypts and lashes. */
const EDGE_WIDTH = 0.08;

/**
 * Where a fitted iris shows iris, 0 to 255: results have lids blacked out. 255 inside the pupil and outside the limbus,
 * where there is nothing to choose; falls to 0 towards the edge of a lid.
 *
 * 1) blocks of 8 × 8 between pupil and limbus are black or not; 2) the share of those that are not, in a square around
 * each, is 1 inside and ½ on a straight edge; 3) stretched so that the edge has 0; 4) interpolated linearly.
 */
export function visiblePart(fitted: Image, standard: StandardIris): Mask {
  const side = Math.ceil(standard.size / BLOCK);
  const counted = new Float32Array(side * side);
  const bright = new Float32Array(side * side);
  for (let by = 0, b = 0; by < side; by++)
    for (let bx = 0; bx < side; bx++, b++) {
      const distance = Math.hypot((bx + 0.5) * BLOCK - standard.cx, (by + 0.5) * BLOCK - standard.cy);
      if (distance < standard.pupilRadius * 1.05 || distance > standard.radius * 0.97) continue;
      counted[b] = 1;
      bright[b] = brightness(fitted, bx * BLOCK, by * BLOCK) >= BLACK_LEVEL ? 1 : 0;
    }
  const reach = Math.max(1, Math.round((EDGE_WIDTH * standard.radius) / BLOCK));
  const all = boxSum(counted, side, reach);
  const shown = boxSum(bright, side, reach);
  const visible = all.map((n, b) => (n > 0 ? Math.max(0, (2 * shown[b]!) / n - 1) : 1));
  return enlarge(visible, side, standard.size);
}

/** Mean over a block of the brightest channel. */
function brightness({ width, height, data }: Image, left: number, top: number): number {
  let sum = 0;
  let count = 0;
  for (let y = top; y < Math.min(top + BLOCK, height); y++)
    for (let x = left, i = (y * width + x) * 3; x < Math.min(left + BLOCK, width); x++, i += 3, count++)
      sum += Math.max(data[i]!, data[i + 1]!, data[i + 2]!);
  return sum / count;
}

/** Sum over a square of 2 · reach + 1, row sums first. */
function boxSum(values: Float32Array, side: number, reach: number): Float32Array {
  const alongRows = new Float32Array(values.length);
  const sums = new Float32Array(values.length);
  for (let y = 0; y < side; y++)
    for (let x = 0; x < side; x++)
      for (let k = Math.max(0, x - reach); k <= Math.min(side - 1, x + reach); k++)
        alongRows[y * side + x]! += values[y * side + k]!;
  for (let y = 0; y < side; y++)
    for (let k = Math.max(0, y - reach); k <= Math.min(side - 1, y + reach); k++)
      for (let x = 0; x < side; x++) sums[y * side + x]! += alongRows[k * side + x]!;
  return sums;
}

/** Bilinear enlargement of blocks to pixels, 0 to 1 becoming 0 to 255. */
function enlarge(blocks: Float32Array, side: number, size: number): Mask {
  const mask = emptyMask(size, size);
  for (let y = 0, i = 0; y < size; y++) {
    const [y0, y1, fy] = neighbours(y, side);
    for (let x = 0; x < size; x++, i++) {
      const [x0, x1, fx] = neighbours(x, side);
      const above = blocks[y0 * side + x0]! * (1 - fx) + blocks[y0 * side + x1]! * fx;
      const below = blocks[y1 * side + x0]! * (1 - fx) + blocks[y1 * side + x1]! * fx;
      mask.data[i] = Math.round(255 * (above * (1 - fy) + below * fy));
    }
  }
  return mask;
}

/** The two blocks whose centres a pixel lies between, and its share of the way. */
function neighbours(pixel: number, side: number): [number, number, number] {
  const position = Math.min(side - 1, Math.max(0, (pixel + 0.5) / BLOCK - 0.5));
  const first = Math.floor(position);
  return [first, Math.min(side - 1, first + 1), position - first];
}
