import { type Ellipse, Label, type Mask } from '@irisvue/vision';
import { type ClassMap, cellSide } from './class-map.ts';
import type { CropSquare } from './cut-crop.ts';
import { cutMap, refineMap } from './refine-map.ts';

/** Cells painted from for each cell of a network, so that borders are smooth at any resolution. */
const refinement = 3;

/** Pixels from `from` up to, without, `to`. */
interface Run {
  readonly from: number;
  readonly to: number;
}

/**
 * Labels of a square of the photo, one for each of its pixels: the most probable class, probabilities interpolated
 * between cells. What lies outside the map or the photo is `other`. Where the four cells around pixels agree, all of
 * them have that label, so that only borders are interpolated pixel by pixel.
 */
export function paintLabels(
  map: ClassMap,
  square: CropSquare,
  photo: { readonly width: number; readonly height: number },
): Mask {
  const fine = refineMap(cutMap(map, square), refinement);
  const planes = [fine.background, fine.sclera, fine.iris, fine.pupil];
  const cell = cellSide(fine);
  const columns = runs(square.x, square.side, photo.width, fine.square.x, cell, fine.size);
  const rows = runs(square.y, square.side, photo.height, fine.square.y, cell, fine.size);
  const labels = Uint8Array.from({ length: fine.size * fine.size }, (_, i) => mostProbable(planes, i));
  const data = new Uint8Array(square.side * square.side);
  for (const [j, row] of rows.entries()) {
    for (let i = 0, next = 1; i < columns.length; i = next, next++) {
      const label = commonLabel(labels, fine.size, j, i);
      if (label !== undefined) {
        while (next < columns.length && commonLabel(labels, fine.size, j, next) === label) next++;
        fillBlock(data, square.side, row, { from: columns[i].from, to: columns[next - 1].to }, label);
        continue;
      }
      for (let y = row.from; y < row.to; y++) {
        const v = Math.min(Math.max((square.y + y + 0.5 - fine.square.y) / cell - j - 0.5, 0), 1);
        for (let x = columns[i].from; x < columns[i].to; x++) {
          const u = Math.min(Math.max((square.x + x + 0.5 - fine.square.x) / cell - i - 0.5, 0), 1);
          data[y * square.side + x] = interpolated(planes, j * fine.size + i, fine.size, u, v);
        }
      }
    }
  }
  return { width: square.side, height: square.side, data };
}

/** The label of four neighbouring cells when they agree; the first of them is in column i of row j. */
function commonLabel(labels: Uint8Array, size: number, j: number, i: number): number | undefined {
  const at = j * size + i;
  const label = labels[at];
  const same = label === labels[at + 1] && label === labels[at + size] && label === labels[at + size + 1];
  return same ? label : undefined;
}

/** For each gap between two neighbouring cell centres the pixels of a square whose centres lie in it and in the photo. */
function runs(start: number, side: number, limit: number, origin: number, cell: number, size: number): Run[] {
  // The first pixel whose centre is not before a place given in cells.
  const pixelAt = (place: number): number => Math.ceil(origin + place * cell - start - 0.5);
  const first = Math.max(0, -start, pixelAt(0));
  const last = Math.min(side, limit - start, pixelAt(size));
  return Array.from({ length: size - 1 }, (_, i) => {
    const from = i === 0 ? first : pixelAt(i + 0.5);
    const to = i === size - 2 ? last : pixelAt(i + 1.5);
    return { from: Math.max(first, from), to: Math.min(last, to) };
  });
}

function fillBlock(data: Uint8Array, width: number, row: Run, column: Run, label: number): void {
  // Whatever is not filled is `other` already.
  if (label === Label.other || column.to <= column.from) return;
  for (let y = row.from; y < row.to; y++) data.fill(label, y * width + column.from, y * width + column.to);
}

/** The class with the highest probability; Label counts as the planes do. Of equal ones the first. */
function mostProbable(planes: readonly Float32Array[], cell: number): number {
  let best = 0;
  for (let k = 1; k < planes.length; k++) if (planes[k][cell] > planes[best][cell]) best = k;
  return best;
}

function interpolated(planes: readonly Float32Array[], at: number, size: number, u: number, v: number): number {
  let best = 0;
  let most = Number.NEGATIVE_INFINITY;
  for (let k = 0; k < planes.length; k++) {
    const plane = planes[k];
    const upper = plane[at] + u * (plane[at + 1] - plane[at]);
    const lower = plane[at + size] + u * (plane[at + size + 1] - plane[at + size]);
    const p = upper + v * (lower - upper);
    if (p <= most) continue;
    most = p;
    best = k;
  }
  return best;
}

/** Turns iris and pupil outside the limbus to `other`, in place: an iris ends where its limbus is. */
export function clipToLimbus(labels: Mask, square: CropSquare, limbus: Ellipse): void {
  const { width, height, data } = labels;
  const span = rowSpan(limbus);
  const clear = (from: number, to: number): void => {
    for (let i = from; i < to; i++) if (data[i] === Label.iris || data[i] === Label.pupil) data[i] = Label.other;
  };
  for (let row = 0; row < height; row++) {
    const [left, right] = span(square.y + row + 0.5);
    const first = Math.min(width, Math.max(0, Math.ceil(left - square.x - 0.5)));
    const last = Math.min(width, Math.max(first, Math.ceil(right - square.x - 0.5)));
    clear(row * width, row * width + first);
    clear(row * width + last, (row + 1) * width);
  }
}

/** Where an ellipse begins and ends at a height y; the same place twice where it has no width. */
function rowSpan({ cx, cy, a, b, angleDegrees }: Ellipse): (y: number) => readonly [number, number] {
  const cos = Math.cos((angleDegrees * Math.PI) / 180);
  const sin = Math.sin((angleDegrees * Math.PI) / 180);
  // Inside is A x² + 2 B x y + C y² ≤ 1 around the centre.
  const A = (cos / a) ** 2 + (sin / b) ** 2;
  const B = cos * sin * (1 / a ** 2 - 1 / b ** 2);
  const C = (sin / a) ** 2 + (cos / b) ** 2;
  return (y) => {
    const dy = y - cy;
    const root = (B * dy) ** 2 - A * (C * dy * dy - 1);
    if (root <= 0) return [cx, cx];
    const middle = cx - (B * dy) / A;
    return [middle - Math.sqrt(root) / A, middle + Math.sqrt(root) / A];
  };
}
