import { type Image, type Mask, moveEllipse } from '@irisvue/vision';
import type { IrisCrop } from '../iris-crop.ts';

/** A crop and a hole in it, cut to what matters for the hole. */
export interface CutAround {
  readonly crop: IrisCrop;
  readonly hole: Mask;
}

/** Cuts a crop around a hole with a margin in pixels, so that work grows with the hole only. Pixels keep their order. */
export function cutAround({ image, labels, geometry }: IrisCrop, hole: Mask, margin: number): CutAround {
  let [left, right, top, bottom] = [hole.width, -1, hole.height, -1];
  for (let i = 0; i < hole.data.length; i++) {
    if (hole.data[i] === 0) continue;
    const x = i % hole.width;
    const y = Math.floor(i / hole.width);
    left = Math.min(left, x);
    right = Math.max(right, x);
    top = Math.min(top, y);
    bottom = Math.max(bottom, y);
  }
  if (right < 0) return { crop: { image, labels, geometry }, hole };
  const x = Math.max(0, left - margin);
  const y = Math.max(0, top - margin);
  const width = Math.min(hole.width, right + 1 + margin) - x;
  const height = Math.min(hole.height, bottom + 1 + margin) - y;
  const cut = <T extends Image | Mask>(picture: T, channels: number): T => {
    const data = new Uint8Array(width * height * channels);
    for (let row = 0; row < height; row++) {
      const from = ((y + row) * hole.width + x) * channels;
      data.set(picture.data.subarray(from, from + width * channels), row * width * channels);
    }
    return { ...picture, width, height, data };
  };
  const { limbus, pupil } = geometry;
  return {
    crop: {
      image: cut(image, 3),
      labels: cut(labels, 1),
      geometry: {
        limbus: moveEllipse(limbus, x, y),
        pupil: pupil && moveEllipse(pupil, x, y),
        frameWidth: width,
        frameHeight: height,
      },
    },
    hole: cut(hole, 1),
  };
}
