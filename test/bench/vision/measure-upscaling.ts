import { blackImage, decodePicture, encodeJpeg, type Image, meanRadius, resizeImage } from '@irisvue/vision';
import { lanczosUpscaler, type Upscaler } from '../../../services/enhancement/src/upscaler.ts';
import { randomOf } from '../random.ts';
import type { LabelledEye } from './labelled-eye.ts';
import type { PictureFigures } from './measure-filling.ts';
import { psnr, ssim } from './picture-score.ts';

/** What happens to the small picture: JPEG of quality 90 and noise of deviation 1, the fixed degradation, or nothing. */
export const degradations = ['JPEG 90, noise 1', 'none'] as const;
export type Degradation = (typeof degradations)[number];

/** One picture made small and large again. */
export interface UpscalingScore {
  readonly name: string;
  readonly group: string;
  readonly degradation: Degradation;
  /** Side of the true picture's shorter side, in pixels. */
  readonly side: number;
  readonly ours: PictureFigures;
  readonly lanczos: PictureFigures;
  readonly bicubic: PictureFigures;
}

const factor = 4;
/** Smaller crops say little. */
const leastSide = 256;
/** Larger pictures are cut to their middle: time, and no more is learned. */
const mostSide = 1024;
/** What the edge of the picture does to a pixel is not measured. */
const border = 8;
const jpegQuality = 90;
/** Deviation of the added noise, in grey levels. */
const noise = 1;
/** Source pixels that are enlarged at once, each way. */
const tile = 128;

/** The square around the iris, 2.2 limbus radii wide; undefined when it leaves the photo or is smaller than 256 px. */
export function irisSquare({ image, limbus }: LabelledEye): Image | undefined {
  if (!limbus) return undefined;
  const side = Math.floor((2.2 * meanRadius(limbus)) / factor) * factor;
  const left = Math.round(limbus.cx - side / 2);
  const top = Math.round(limbus.cy - side / 2);
  const inside = left >= 0 && top >= 0 && left + side <= image.width && top + side <= image.height;
  return inside && side >= leastSide ? middleOf(cut(image, left, top, side, side)) : undefined;
}

/** A general photo, its sides made multiples of 4; undefined when it is too small. */
export async function generalPhoto(bytes: Uint8Array): Promise<Image | undefined> {
  const image = await decodePicture(bytes);
  return Math.min(image.width, image.height) >= leastSide ? middleOf(image) : undefined;
}

/** The small picture has the mean of 4 × 4 pixels for each of its own, and is then degraded. */
export async function scoreUpscaling(
  truth: Image,
  degradation: Degradation,
  upscaler: Upscaler,
  who: { readonly name: string; readonly group: string },
): Promise<UpscalingScore> {
  const shrunk = await resizeImage(truth, truth.width / factor, truth.height / factor, 'area');
  const small = degradation === 'none' ? shrunk : await compressedWithNoise(shrunk, who.name);
  const figures = (image: Image): PictureFigures => {
    const [a, b] = [inner(image), inner(truth)];
    return { psnr: psnr(a, b), ssim: ssim(a, b) };
  };
  return {
    ...who,
    degradation,
    side: Math.min(truth.width, truth.height),
    ours: figures(await enlarge(small, upscaler)),
    lanczos: figures(await enlarge(small, lanczosUpscaler)),
    bicubic: figures(await resizeImage(small, truth.width, truth.height, 'cubic')),
  };
}

/** JPEG of quality 90, then noise of deviation 1, seeded by the picture's name. */
async function compressedWithNoise(small: Image, name: string): Promise<Image> {
  const image = await decodePicture(await encodeJpeg(small, jpegQuality));
  const random = randomOf(`${name} noise`);
  const data = image.data.map((value) => Math.min(255, Math.max(0, Math.round(value + noise * random.normal()))));
  return { ...image, data };
}

async function enlarge(small: Image, upscaler: Upscaler): Promise<Image> {
  const [width, height] = [small.width * factor, small.height * factor];
  const out = blackImage(width, height);
  for (let y = 0; y < height; y += tile * factor) {
    for (let x = 0; x < width; x += tile * factor) {
      const size = { width: Math.min(tile * factor, width - x), height: Math.min(tile * factor, height - y) };
      const drawn = await upscaler.upscale(small, { originX: 0, originY: 0, scale: factor, x, y, ...size });
      for (let row = 0; row < drawn.height; row++) {
        const line = drawn.data.subarray(row * drawn.width * 3, (row + 1) * drawn.width * 3);
        out.data.set(line, ((y + row) * width + x) * 3);
      }
    }
  }
  return out;
}

function middleOf(image: Image): Image {
  const width = Math.min(mostSide, Math.floor(image.width / factor) * factor);
  const height = Math.min(mostSide, Math.floor(image.height / factor) * factor);
  return cut(image, (image.width - width) >> 1, (image.height - height) >> 1, width, height);
}

function inner(image: Image): Image {
  return cut(image, border, border, image.width - 2 * border, image.height - 2 * border);
}

function cut(image: Image, left: number, top: number, width: number, height: number): Image {
  const out = blackImage(width, height);
  for (let y = 0; y < height; y++) {
    const from = ((top + y) * image.width + left) * 3;
    out.data.set(image.data.subarray(from, from + width * 3), y * width * 3);
  }
  return out;
}
