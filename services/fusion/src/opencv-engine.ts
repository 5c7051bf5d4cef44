import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { env } from 'node:process';
import type { Image, Mask } from '@irisvue/vision';

/** The part of @u4/opencv4nodejs that is used. A Mat copies the bytes that it is given. */
interface OpencvAddon {
  readonly Mat: new (bytes: Uint8Array, rows: number, columns: number, type: number) => OpencvMat;
  readonly Point2: new (x: number, y: number) => object;
  readonly CV_8UC1: number;
  readonly CV_8UC3: number;
  readonly MIXED_CLONE: number;
  seamlessCloneAsync(src: OpencvMat, dst: OpencvMat, mask: OpencvMat, centre: object, mode: number): Promise<OpencvMat>;
}

interface OpencvMat {
  getDataAsync(): Promise<Buffer>;
  release(): void;
}

/** Blends `source` over `base` where `mask` is not 0, all of the same size. */
export type SeamlessClone = (base: Image, source: Image, mask: Mask) => Promise<Image>;

/** Whether `dir`, as made by build-opencv.ts, holds a finished build. */
export function isOpencvBuilt(dir: string): boolean {
  return existsSync(join(dir, 'built'));
}

/**
 * Loads the addon from the folder that build-opencv.ts made and gives OpenCV's seamlessClone (MIXED_CLONE) in place.
 * @throws when the addon is not there or does not load.
 */
export function loadOpencv(dir: string): SeamlessClone {
  const cv = requireQuietly(dir);
  return async (base, source, mask) => {
    const { width, height } = base;
    const centre = maskCentre(mask);
    if (!centre) return base;
    const mats = [
      new cv.Mat(source.data, height, width, cv.CV_8UC3),
      new cv.Mat(base.data, height, width, cv.CV_8UC3),
      new cv.Mat(mask.data, height, width, cv.CV_8UC1),
    ] as const;
    const blended = await cv.seamlessCloneAsync(...mats, new cv.Point2(centre.x, centre.y), cv.MIXED_CLONE);
    const data = await blended.getDataAsync();
    for (const mat of [...mats, blended]) mat.release();
    return { width, height, data };
  };
}

/** The addon writes log lines with console while it loads, and looks for something to build unless told not to. */
function requireQuietly(dir: string): OpencvAddon {
  env['OPENCV4NODEJS_DISABLE_AUTOBUILD'] = '1';
  const { log, info } = console;
  console.log = console.info = () => {};
  try {
    return createRequire(join(dir, 'package.json'))('@u4/opencv4nodejs') as OpencvAddon;
  } finally {
    Object.assign(console, { log, info });
  }
}

/**
 * The point that keeps the source where it is: OpenCV centres the mask's bounding rectangle there, by integer halves
 * of its width and height (photo/src/seamless_cloning.cpp).
 */
function maskCentre({ width, height, data }: Mask): { x: number; y: number } | undefined {
  let [left, right, top, bottom] = [width, -1, height, -1];
  for (let y = 0, i = 0; y < height; y++)
    for (let x = 0; x < width; x++, i++)
      if (data[i] !== 0) {
        if (x < left) left = x;
        if (x > right) right = x;
        if (y < top) top = y;
        bottom = y;
      }
  if (right < 0) return undefined;
  return { x: left + ((right - left + 1) >> 1), y: top + ((bottom - top + 1) >> 1) };
}
