import { blackImage, type Image, type IrisGeometry, meanRadius, moveEllipse } from '@irisvue/vision';
import { type IrisCrop, shrinkCrop } from './iris-crop.ts';
import { balanceWhite, measureWhiteBalance } from './steps/balance-white.ts';
import { meanColourShift } from './steps/colour-difference.ts';
import { makeCutOut } from './steps/cut-out.ts';
import { placeResult } from './steps/place-result.ts';
import { raiseContrast } from './steps/raise-contrast.ts';
import { tilesOf } from './steps/tiles.ts';
import { type Upscaler, upscalerFor } from './upscaler.ts';

/** The picture that a person keeps. */
export interface EnhancedIris {
  /** Square, centred on the limbus; visible iris and pupil on black. */
  readonly image: Image;
  /** In pixels of that image. */
  readonly geometry: IrisGeometry;
  /** Scale relative to the crop. */
  readonly upscaleFactor: number;
  /** What enlarged it. */
  readonly upscaler: Upscaler;
  /** Mean CIEDE2000 of visible iris pixels before and after. */
  readonly colourShift: number;
}

/** Share of the work that is done, or what came of it, as the last event. */
export type EnhanceEvent = { readonly fraction: number } | { readonly enhanced: EnhancedIris };

/** Shares of the time that colour and contrast take, as measured; the rest is upscaling. */
const balancedAt = 0.1;
const contrastedAt = 0.3;

/**
 * Makes the result from a crop without reflections:
 * 1) place the result: square around the limbus, at most `maxSide` pixels and at most ×4; 2) white balance from the
 * sclera; 3) local contrast; 4) tile by tile: upscale, cut out on black.
 *
 * Bytes depend on nothing but the arguments. Memory: 6 bytes for each crop pixel and 3 for each result pixel, besides
 * one tile.
 */
export async function* enhance(
  full: IrisCrop,
  { upscaler: preferred, maxSide }: { readonly upscaler: Upscaler; readonly maxSide: number },
): AsyncIterable<EnhanceEvent> {
  const wanted = placeResult(full.geometry, maxSide);
  const crop = wanted.scale < 1 ? await shrinkCrop(full, wanted.scale) : full;
  const place = wanted.scale < 1 ? placeResult(crop.geometry, maxSide) : wanted;

  const gains = measureWhiteBalance(crop.image, crop.labels);
  const image = { ...crop.image, data: new Uint8Array(crop.image.data) };
  if (gains) balanceWhite(image, gains);
  yield { fraction: balancedAt };

  raiseContrast(image, crop.labels, meanRadius(crop.geometry.limbus));
  const colourShift = meanColourShift(crop.image, image, crop.labels);
  yield { fraction: contrastedAt };

  const cutOut = makeCutOut(crop.labels, crop.geometry);
  const result = blackImage(place.side, place.side);
  const upscaler = upscalerFor(place.scale, preferred);
  const tiles = tilesOf(place);
  for (const [done, tile] of tiles.entries()) {
    const drawn = await upscaler.upscale(image, tile);
    cutOut.apply(drawn, tile);
    paste(drawn, result, tile.x, tile.y);
    yield { fraction: contrastedAt + ((1 - contrastedAt) * (done + 1)) / tiles.length };
  }
  const upscaleFactor = place.side / wanted.windowSide;
  const geometry = resultGeometry(crop.geometry, place);
  yield { enhanced: { image: result, geometry, upscaleFactor, upscaler, colourShift } };
}

function resultGeometry(
  { limbus, pupil }: IrisGeometry,
  { originX, originY, scale, side }: ReturnType<typeof placeResult>,
): IrisGeometry {
  return {
    limbus: moveEllipse(limbus, originX, originY, scale),
    pupil: pupil && moveEllipse(pupil, originX, originY, scale),
    frameWidth: side,
    frameHeight: side,
  };
}

function paste(tile: Image, into: Image, x: number, y: number): void {
  for (let row = 0; row < tile.height; row++) {
    const line = tile.data.subarray(row * tile.width * 3, (row + 1) * tile.width * 3);
    into.data.set(line, ((y + row) * into.width + x) * 3);
  }
}
