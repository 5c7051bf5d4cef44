import sharp, { type Sharp } from 'sharp';
import type { Image, Mask } from './image.ts';

// One step at a time and no picture twice: an operation cache only holds memory.
sharp.cache(false);

/** Threads that libvips uses for one picture, from the slot's share of the thread budget. */
export function limitCodecThreads(threads: number): void {
  sharp.concurrency(threads);
}

/**
 * Reads a picture that the mesh itself made (a crop, a result): any size, colour managed to sRGB, alpha flattened on
 * black. Photos of people go through decodePhoto. @throws when the bytes cannot be read in full.
 */
export async function decodePicture(bytes: Uint8Array): Promise<Image> {
  return toImage(sharp(bytes, { failOn: 'error', limitInputPixels: false }));
}

/** Reads a mask or label map: one channel, values as stored. @throws when the bytes are not a one-channel PNG. */
export async function decodeMask(bytes: Uint8Array): Promise<Mask> {
  const input = sharp(bytes, { failOn: 'error', limitInputPixels: false });
  const { format, channels, depth } = await input.metadata();
  if (format !== 'png' || channels !== 1 || depth !== 'uchar') {
    throw new TypeError(`a mask is a PNG of one 8-bit channel, not ${format} of ${channels} × ${depth}`);
  }
  const { data, info } = await input.toColourspace('b-w').raw().toBuffer({ resolveWithObject: true });
  return { width: info.width, height: info.height, data };
}

/** JPEG with full colour resolution (4:4:4), sRGB. `quality` 1 to 100. */
export async function encodeJpeg(image: Image, quality: number): Promise<Uint8Array> {
  // Optimised Huffman tables would save a tenth of the file, but libjpeg then holds all coefficients: 6 bytes a pixel.
  return pixels(image).jpeg({ quality, chromaSubsampling: '4:4:4', optimiseCoding: false }).toBuffer();
}

/**
 * Lossless PNG: three channels for an image, one for a mask or label map. `compressionLevel` 0 to 9; the default, 3, is
 * within a few per cent of the smallest file at a third of its time.
 */
export async function encodePng(picture: Image | Mask, compressionLevel = 3): Promise<Uint8Array> {
  const raw = pixels(picture);
  const stored = isMask(picture) ? raw.toColourspace('b-w') : raw;
  return stored.png({ compressionLevel }).toBuffer();
}

/** Runs a sharp pipeline to an 8-bit sRGB value; transparent parts become black. */
export async function toImage(pipeline: Sharp): Promise<Image> {
  const { data, info } = await pipeline
    .flatten({ background: '#000' })
    .toColourspace('srgb')
    .raw({ depth: 'uchar' })
    .toBuffer({ resolveWithObject: true });
  if (info.channels !== 3) throw new TypeError(`decoded to ${info.channels} channels, not 3`);
  return { width: info.width, height: info.height, data };
}

/** A sharp pipeline that reads the value's own bytes; nothing is copied. */
export function pixels(picture: Image | Mask): Sharp {
  const { width, height, data } = picture;
  return sharp(data, { raw: { width, height, channels: isMask(picture) ? 1 : 3 }, limitInputPixels: false });
}

function isMask({ width, height, data }: Image | Mask): boolean {
  if (data.length === width * height) return true;
  if (data.length === width * height * 3) return false;
  throw new RangeError(`${data.length} bytes are neither a mask nor an image of ${width} × ${height}`);
}
