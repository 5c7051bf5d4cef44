import { type Image, type IrisGeometry, type Mask, moveEllipse, resizeImage } from '@irisvue/vision';
import { resizeLabels } from './steps/resize-labels.ts';

/** An iris crop with what segmentation found in it. */
export interface IrisCrop {
  readonly image: Image;
  /** Label values, as large as the image. */
  readonly labels: Mask;
  /** In pixels of the image. */
  readonly geometry: IrisGeometry;
}

/** The crop made smaller: `scale` below 1. Each pixel of the image is the mean of what it covers. */
export async function shrinkCrop({ image, labels, geometry }: IrisCrop, scale: number): Promise<IrisCrop> {
  const width = Math.max(1, Math.round(image.width * scale));
  const height = Math.max(1, Math.round(image.height * scale));
  const { limbus, pupil } = geometry;
  return {
    image: await resizeImage(image, width, height, 'area'),
    labels: resizeLabels(labels, width, height),
    geometry: {
      limbus: moveEllipse(limbus, 0, 0, width / image.width),
      pupil: pupil && moveEllipse(pupil, 0, 0, width / image.width),
      frameWidth: width,
      frameHeight: height,
    },
  };
}
