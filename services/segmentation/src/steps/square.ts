import type { Oval } from './oval.ts';

/** A square of a photo, in photo pixels. It may leave the photo. */
export interface Square {
  readonly x: number;
  readonly y: number;
  readonly side: number;
}

/** The square around a whole photo, as long as its longer side. */
export function letterbox({ width, height }: { readonly width: number; readonly height: number }): Square {
  const side = Math.max(width, height);
  return { x: (width - side) / 2, y: (height - side) / 2, side };
}

/** The square around a circle, `width` of its diameters wide. */
export function squareAround(
  { cx, cy, r }: { readonly cx: number; readonly cy: number; readonly r: number },
  width: number,
): Square {
  const side = width * 2 * r;
  return { x: cx - side / 2, y: cy - side / 2, side };
}

/** An oval in cells of a square, in photo pixels. */
export function toPhoto(oval: Oval, { x, y, side }: Square, size: number): Oval {
  const cell = side / size;
  return { ...oval, cx: x + oval.cx * cell, cy: y + oval.cy * cell, r: oval.r * cell };
}

/** An oval in photo pixels, in cells of a square. */
export function toCells(oval: Oval, { x, y, side }: Square, size: number): Oval {
  const cell = side / size;
  return { ...oval, cx: (oval.cx - x) / cell, cy: (oval.cy - y) / cell, r: oval.r / cell };
}
