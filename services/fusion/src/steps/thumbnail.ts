import { type Image, resizeImage } from '@irisvue/vision';

/** Width of a thumbnail in pixels (features U6). */
const WIDTH = 256;

/** A fusion is square: 256 × 256. */
export function fusionThumbnail(picture: Image): Promise<Image> {
  return resizeImage(picture, WIDTH, WIDTH, 'lanczos3');
}

/** 256 pixels wide, as high as its shape asks. */
export function compositionThumbnail(picture: Image): Promise<Image> {
  const height = Math.max(1, Math.round((picture.height * WIDTH) / picture.width));
  return resizeImage(picture, WIDTH, height, 'lanczos3');
}
