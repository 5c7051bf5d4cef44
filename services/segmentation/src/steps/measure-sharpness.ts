import { type Image, Label, type Mask, resizeImage } from '@irisvue/vision';
import { luma } from './tones.ts';

/** Side that a crop is brought to first; the iris is then about 300 px across, whatever the photo's resolution. */
const comparedSide = 384;

/**
 * Fine detail of a visible iris: mean absolute Laplacian of luma in % of full scale, at one size for all photos. A large
 * photo out of focus has as little of it as a small one that had to be enlarged.
 */
export async function measureSharpness(crop: Image, labels: Mask): Promise<number> {
  const kernel = crop.width > comparedSide ? 'area' : 'cubic';
  const picture = await resizeImage(crop, comparedSide, comparedSide, kernel);
  const grey = Float32Array.from({ length: comparedSide * comparedSide }, (_, i) => luma(picture.data, i));
  let sum = 0;
  let count = 0;
  for (let y = 1; y < comparedSide - 1; y++) {
    for (let x = 1; x < comparedSide - 1; x++) {
      if (labelAt(labels, x, y) !== Label.iris) continue;
      const i = y * comparedSide + x;
      sum += Math.abs(grey[i - 1] + grey[i + 1] + grey[i - comparedSide] + grey[i + comparedSide] - 4 * grey[i]);
      count++;
    }
  }
  return count > 0 ? (100 * sum) / (4 * 255 * count) : 0;
}

/** The label under a pixel of the compared size. */
function labelAt({ width, height, data }: Mask, x: number, y: number): number {
  const column = Math.floor(((x + 0.5) * width) / comparedSide);
  const row = Math.floor(((y + 0.5) * height) / comparedSide);
  return data[row * width + column];
}
