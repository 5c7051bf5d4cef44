import { emptyMask, type Mask } from '@irisvue/vision';

/** A label map at another size: each pixel takes the label at its centre. */
export function resizeLabels(labels: Mask, width: number, height: number): Mask {
  if (labels.width === width && labels.height === height) return labels;
  const resized = emptyMask(width, height);
  for (let y = 0; y < height; y++) {
    const row = Math.floor(((y + 0.5) * labels.height) / height) * labels.width;
    for (let x = 0; x < width; x++) {
      resized.data[y * width + x] = labels.data[row + Math.floor(((x + 0.5) * labels.width) / width)];
    }
  }
  return resized;
}
