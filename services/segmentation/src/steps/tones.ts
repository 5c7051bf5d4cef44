import { type Image, Label, type Mask } from '@irisvue/vision';

/** How often each luma from 0 to 255 occurs. */
export type Histogram = Uint32Array;

/** Luma histograms of the parts of an eye. */
export interface Tones {
  readonly sclera: Histogram;
  readonly iris: Histogram;
  readonly pupil: Histogram;
}

/** Luma of an sRGB pixel, 0 to 255 (ITU-R BT.709 weights on the encoded values). */
export function luma(data: Uint8Array, pixel: number): number {
  const i = pixel * 3;
  return (2126 * data[i] + 7152 * data[i + 1] + 722 * data[i + 2]) / 10_000;
}

/** Rows and columns that are counted at most; of a larger picture evenly spread ones. */
const mostLines = 512;

/** Counts the luma of each labelled part. `labels` has the picture's size. */
export function countTones(image: Image, labels: Mask): Tones {
  const tones: Tones = { sclera: new Uint32Array(256), iris: new Uint32Array(256), pupil: new Uint32Array(256) };
  const { width, height } = labels;
  const stride = Math.max(1, Math.floor(Math.max(width, height) / mostLines));
  for (let y = stride >> 1; y < height; y += stride) {
    for (let x = stride >> 1; x < width; x += stride) {
      const pixel = y * width + x;
      const histogram = partOf(tones, labels.data[pixel]);
      if (histogram) histogram[Math.round(luma(image.data, pixel))]++;
    }
  }
  return tones;
}

function partOf({ sclera, iris, pupil }: Tones, label: number): Histogram | undefined {
  if (label === Label.iris) return iris;
  if (label === Label.pupil) return pupil;
  return label === Label.sclera ? sclera : undefined;
}

/** Number of counted pixels. */
export function total(histogram: Histogram): number {
  return histogram.reduce((sum, count) => sum + count, 0);
}

/** Shannon entropy in bits, 0 to 8: how many grey values are put to use. */
export function entropy(histogram: Histogram): number {
  const all = total(histogram);
  let bits = 0;
  for (const count of histogram) if (count > 0) bits -= (count / all) * Math.log2(count / all);
  return bits;
}

/** The luma that a share of the pixels, 0 to 1, does not exceed; 0 of an empty histogram. */
export function quantile(histogram: Histogram, share: number): number {
  const wanted = total(histogram) * share;
  let below = 0;
  for (let tone = 0; tone < 256; tone++) {
    below += histogram[tone];
    if (below > 0 && below >= wanted) return tone;
  }
  return 0;
}

/** The luma that half of the pixels do not exceed. */
export function median(histogram: Histogram): number {
  return quantile(histogram, 0.5);
}
