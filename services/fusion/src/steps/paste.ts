import type { Image } from '@irisvue/vision';

/** Copies a picture onto a canvas that it fits into, its left upper corner at (left, top). Changes the canvas. */
export function paste(canvas: Image, picture: Image, { left, top }: { left: number; top: number }): void {
  const { width, height, data } = picture;
  for (let y = 0; y < height; y++)
    canvas.data.set(data.subarray(y * width * 3, (y + 1) * width * 3), ((top + y) * canvas.width + left) * 3);
}
