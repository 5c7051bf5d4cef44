import { blackImage, type Image, type Mask } from '@irisvue/vision';

/** The mean of pictures of one size, each pixel weighted by the shares, which add up to 255. */
export function blendAlpha(pictures: readonly Image[], shares: readonly Mask[]): Image {
  const { width, height } = pictures[0]!;
  const blended = blackImage(width, height);
  for (let pixel = 0, i = 0; pixel < width * height; pixel++, i += 3) {
    let [red, green, blue] = [0, 0, 0];
    for (let k = 0; k < pictures.length; k++) {
      const share = shares[k]!.data[pixel]!;
      if (share === 0) continue;
      const { data } = pictures[k]!;
      red += share * data[i]!;
      green += share * data[i + 1]!;
      blue += share * data[i + 2]!;
    }
    blended.data[i] = Math.round(red / 255);
    blended.data[i + 1] = Math.round(green / 255);
    blended.data[i + 2] = Math.round(blue / 255);
  }
  return blended;
}
