import type { Image, Mask } from '@irisvue/vision';

/**
 * How much each pixel looks like mirrored light, 0 to 255: bright and without colour. The least channel (the idea
 * behind Tan and Ikeuchi's specular-free image, 2005) keeps bright blue or amber fibres low; the luma (BT.601) keeps
 * tinted lights high. Outside iris, pupil and sclera it is 0.
 */
export function measureWhiteness(image: Image, labels: Mask): Float32Array {
  const white = new Float32Array(image.width * image.height);
  for (let i = 0; i < white.length; i++) {
    if (labels.data[i] === 0) continue;
    const r = image.data[i * 3];
    const g = image.data[i * 3 + 1];
    const b = image.data[i * 3 + 2];
    white[i] = 0.6 * Math.min(r, g, b) + 0.4 * (0.299 * r + 0.587 * g + 0.114 * b);
  }
  return white;
}

/**
 * Mean over a square of 2·radius + 1 pixels, counting only labelled pixels, so that lids do not bleed in. Fibres are
 * thinner than a highlight and vanish in it.
 */
export function smoothInside(values: Float32Array, labels: Mask, radius: number): Float32Array {
  const { width, height } = labels;
  const sums = new Float32Array(values.length);
  const counts = new Float32Array(values.length);
  for (let y = 0; y < height; y++) {
    let sum = 0;
    let count = 0;
    for (let x = -radius; x < width; x++) {
      const enters = x + radius < width ? y * width + x + radius : -1;
      const leaves = x - radius - 1 >= 0 ? y * width + x - radius - 1 : -1;
      if (enters >= 0 && labels.data[enters] > 0) {
        sum += values[enters];
        count++;
      }
      if (leaves >= 0 && labels.data[leaves] > 0) {
        sum -= values[leaves];
        count--;
      }
      if (x >= 0) {
        sums[y * width + x] = sum;
        counts[y * width + x] = count;
      }
    }
  }
  const smooth = new Float32Array(values.length);
  const columnSums = new Float64Array(width);
  const columnCounts = new Float64Array(width);
  for (let y = -radius; y < height; y++) {
    for (let x = 0; x < width; x++) {
      if (y + radius < height) {
        columnSums[x] += sums[(y + radius) * width + x];
        columnCounts[x] += counts[(y + radius) * width + x];
      }
      if (y - radius - 1 >= 0) {
        columnSums[x] -= sums[(y - radius - 1) * width + x];
        columnCounts[x] -= counts[(y - radius - 1) * width + x];
      }
      if (y >= 0 && labels.data[y * width + x] > 0 && columnCounts[x] > 0) {
        smooth[y * width + x] = columnSums[x] / columnCounts[x];
      }
    }
  }
  return smooth;
}
