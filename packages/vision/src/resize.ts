import { areaResize } from './area-resize.ts';
import { pixels, toImage } from './codec.ts';
import type { Image } from './image.ts';

/** Resampling kernels. `area` averages exactly the pixels that a new pixel covers and only makes pictures smaller. */
export type ResizeKernel = 'lanczos3' | 'cubic' | 'linear' | 'area';

/**
 * Resizes to exactly `width` × `height`, stretching where the shape differs. Every kernel widens when it shrinks, so
 * nothing aliases. @throws RangeError when `area` is asked to enlarge.
 */
export async function resizeImage(image: Image, width: number, height: number, kernel: ResizeKernel): Promise<Image> {
  if (width === image.width && height === image.height) return image;
  if (kernel === 'area') return areaResize(image, width, height);
  return toImage(pixels(image).resize(width, height, { fit: 'fill', kernel }));
}
