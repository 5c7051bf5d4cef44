import { type EyeRequest, renderEye } from '@irisvue/testing';
import { emptyMask, type Image, type Mask, moveEllipse, resizeImage } from '@irisvue/vision';
import type { IrisCrop } from '../src/iris-crop.ts';
import { resizeLabels } from '../src/steps/resize-labels.ts';

/** What segmentation would hand over of a rendered eye: a square of 2.6 limbus radii; and where its highlights are. */
export function renderCrop(
  request: Partial<EyeRequest> & { readonly seed: number; readonly noise?: number },
): IrisCrop & { readonly highlights: Mask } {
  const eye = renderEye({ width: 400, height: 300, ...request });
  const { limbus, pupil } = eye.geometry;
  const side = Math.round(2.6 * Math.max(limbus.a, limbus.b));
  const left = Math.round(limbus.cx - side / 2);
  const top = Math.round(limbus.cy - side / 2);
  return {
    image: { ...cut(eye.image, 3, left, top, side) },
    labels: cut(eye.labels, 1, left, top, side),
    highlights: cut(eye.highlights, 1, left, top, side),
    geometry: {
      limbus: moveEllipse(limbus, left, top),
      pupil: pupil && moveEllipse(pupil, left, top),
      frameWidth: side,
      frameHeight: side,
    },
  };
}

function cut(from: Image | Mask, channels: number, left: number, top: number, side: number): Image {
  const into = { width: side, height: side, data: new Uint8Array(side * side * channels) };
  for (let y = 0; y < side; y++) {
    if (top + y < 0 || top + y >= from.height) continue;
    for (let x = 0; x < side; x++) {
      if (left + x < 0 || left + x >= from.width) continue;
      for (let c = 0; c < channels; c++) {
        into.data[(y * side + x) * channels + c] = from.data[((top + y) * from.width + left + x) * channels + c];
      }
    }
  }
  return into;
}

/** The crop made larger: far cheaper than to render it at that size, where detail does not matter. */
export async function enlarge({ image, labels, geometry }: IrisCrop, factor: number): Promise<IrisCrop> {
  const width = image.width * factor;
  const height = image.height * factor;
  const { limbus, pupil } = geometry;
  return {
    image: await resizeImage(image, width, height, 'linear'),
    labels: resizeLabels(labels, width, height),
    geometry: {
      limbus: moveEllipse(limbus, 0, 0, factor),
      pupil: pupil && moveEllipse(pupil, 0, 0, factor),
      frameWidth: width,
      frameHeight: height,
    },
  };
}

/** A disc of 255. */
export function discMask(side: number, cx: number, cy: number, radius: number): Mask {
  const mask = emptyMask(side, side);
  for (let i = 0; i < mask.data.length; i++) {
    if (Math.hypot((i % side) + 0.5 - cx, Math.floor(i / side) + 0.5 - cy) < radius) mask.data[i] = 255;
  }
  return mask;
}

/** Peak signal-to-noise ratio of the pixels of a mask, in dB. */
export function psnr(a: Image, b: Image, mask: Mask): number {
  let squares = 0;
  let count = 0;
  mask.data.forEach((value, i) => {
    if (value === 0) return;
    for (let c = 0; c < 3; c++) squares += (a.data[i * 3 + c] - b.data[i * 3 + c]) ** 2;
    count += 3;
  });
  return 10 * Math.log10(255 ** 2 / (squares / count));
}
