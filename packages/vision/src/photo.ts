import sharp, { type Metadata, type Sharp } from 'sharp';
import { toImage } from './codec.ts';
import type { Image } from './image.ts';
import { photoFormat } from './photo-format.ts';
import { type PhotoRejection, RejectionReason } from './photo-rejection.ts';

/** What a photo may measure. */
export interface PhotoLimits {
  readonly maxBytes: number;
  readonly maxPixels: number;
  /** Shortest allowed side in pixels. */
  readonly minSide: number;
}

/** 50 MB and 100 megapixels; a side shorter than 100 px cannot hold an iris that is worth printing. */
export const photoLimits: PhotoLimits = { maxBytes: 50 * 1024 * 1024, maxPixels: 100_000_000, minSide: 100 };

/** A decoded photo, or why it was refused. */
export type DecodedPhoto = { readonly image: Image } | { readonly rejection: PhotoRejection };

/**
 * Reads a photo from a stranger: JPEG, PNG, WebP, AVIF, HEIF (where the decoder has the codec) or TIFF.
 * 1) format by its first bytes 2) size by the header, before any pixel is decoded 3) full decode of the first frame,
 * EXIF orientation applied, any profile, CMYK and 16 bits to 8-bit sRGB, alpha flattened on black.
 * Peak memory is about 7 bytes a pixel. Never throws for what the bytes hold.
 */
export async function decodePhoto(bytes: Uint8Array, limits: PhotoLimits = photoLimits): Promise<DecodedPhoto> {
  if (bytes.length > limits.maxBytes) return { rejection: tooManyBytes(bytes.length, limits.maxBytes) };
  const format = photoFormat(bytes);
  if (format === undefined) return { rejection: notAnImage };
  const rejection = await checkHeader(bytes, limits);
  if (rejection) return { rejection };
  try {
    return { image: await toImage(open(bytes).autoOrient()) };
  } catch {
    // The header was sound, so the data behind it is not.
    return { rejection: truncated };
  }
}

async function checkHeader(bytes: Uint8Array, limits: PhotoLimits): Promise<PhotoRejection | undefined> {
  let header: Metadata;
  try {
    header = await open(bytes).metadata();
  } catch {
    return truncated;
  }
  const { width, height } = header;
  if (width * height > limits.maxPixels) return tooManyPixels(width * height, limits.maxPixels);
  if (Math.min(width, height) < limits.minSide) return tooSmall(Math.min(width, height), limits.minSide);
  if (header.compression === 'hevc' && !canDecodeHevc) return hevcNotRead;
  return undefined;
}

// The prebuilt decoder reads AV1 only. A libvips that was built with an HEVC codec lists .heic among its suffixes.
const canDecodeHevc = sharp.format.heif.input.fileSuffix?.includes('.heic') ?? false;

function open(bytes: Uint8Array): Sharp {
  // The pixel limit is ours to check, so that the answer carries the measured value.
  return sharp(bytes, { failOn: 'error', limitInputPixels: false, pages: 1 });
}

const notAnImage: PhotoRejection = {
  reason: RejectionReason.NOT_AN_IMAGE,
  message: 'This file is not a picture that can be read.',
  suggestion: 'Upload a photo as JPEG, PNG, WebP, AVIF or TIFF.',
  measured: 0,
  limit: 0,
  unit: '',
};

const hevcNotRead: PhotoRejection = {
  ...notAnImage,
  message: 'This HEIC photo is compressed with HEVC, which cannot be read here.',
  suggestion: 'Export the photo as JPEG, or set the camera to "most compatible".',
};

const truncated: PhotoRejection = {
  reason: RejectionReason.TRUNCATED,
  message: 'The picture is damaged or ends before its data does.',
  suggestion: 'Upload the original file again.',
  measured: 0,
  limit: 0,
  unit: '',
};

/** The refusal of a file that is larger than the limit; both in bytes. */
export function tooManyBytes(measured: number, limit: number): PhotoRejection {
  return {
    reason: RejectionReason.TOO_LARGE,
    message: 'The file is larger than the limit.',
    suggestion: 'Save the photo as JPEG, or crop it around the eye.',
    measured,
    limit,
    unit: 'bytes',
  };
}

function tooManyPixels(measured: number, limit: number): PhotoRejection {
  return {
    reason: RejectionReason.TOO_LARGE,
    message: 'The picture has more pixels than the limit.',
    suggestion: 'Crop the photo around the eye.',
    measured,
    limit,
    unit: 'px',
  };
}

function tooSmall(measured: number, limit: number): PhotoRejection {
  return {
    reason: RejectionReason.TOO_SMALL,
    message: 'The picture has too few pixels to show an iris.',
    suggestion: 'Upload the original photo, not a thumbnail, or move closer to the eye.',
    measured,
    limit,
    unit: 'px',
  };
}
