import { blackImage, type Ellipse, type Image } from '@irisvue/vision';

/** Side of the crop by the limbus's larger semi-axis: sclera stays in it, for white balance. */
const cropSide = 2.6;

/** A square of whole photo pixels. It may leave the photo. */
export interface CropSquare {
  readonly x: number;
  readonly y: number;
  readonly side: number;
}

/** The square around a limbus, in whole photo pixels. */
export function cropAround(limbus: Ellipse): CropSquare {
  const side = Math.max(1, Math.round(cropSide * Math.max(limbus.a, limbus.b)));
  return { x: Math.round(limbus.cx - side / 2), y: Math.round(limbus.cy - side / 2), side };
}

/** Copies a square out of a photo, pixel for pixel; what lies outside the photo is black. */
export function cutCrop(image: Image, { x, y, side }: CropSquare): Image {
  const crop = blackImage(side, side);
  const left = Math.max(0, x);
  const right = Math.min(image.width, x + side);
  if (left >= right) return crop;
  for (let row = Math.max(0, y); row < Math.min(image.height, y + side); row++) {
    const from = (row * image.width + left) * 3;
    const to = ((row - y) * side + (left - x)) * 3;
    crop.data.set(image.data.subarray(from, from + (right - left) * 3), to);
  }
  return crop;
}
