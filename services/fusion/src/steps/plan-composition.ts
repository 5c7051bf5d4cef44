import { CompositionLayout } from '@irisvue/contracts/irisvue/fusion/v1/fusion_service';

/** The layouts that exist; a validated request has one of them. */
export type Layout =
  | typeof CompositionLayout.HORIZONTAL
  | typeof CompositionLayout.VERTICAL
  | typeof CompositionLayout.GRID_2X2;

interface Size {
  readonly width: number;
  readonly height: number;
}

/** Where a picture goes and how large it is drawn, in pixels of the composition. */
export interface Place extends Size {
  readonly left: number;
  readonly top: number;
}

export interface CompositionPlan extends Size {
  readonly places: readonly Place[];
}

/**
 * Longest side of a row, a column and a grid, in pixels. Four results of 4096 × 4096 make at most 26 megapixels, and a
 * slot peaks under 700 MiB; the largest picture there can be is two of them side by side, 34 megapixels.
 */
export const MAX_SIDE = 8192;
export const MAX_GRID_SIDE = 5120;

/** Longest side of one picture: half of the whole, as two of them make the shortest row. */
function maxTileSide(layout: Layout): number {
  return (layout === CompositionLayout.GRID_2X2 ? MAX_GRID_SIDE : MAX_SIDE) / 2;
}

/**
 * The size at which a picture is held until all are there: its own, or smaller if it is larger than any composition can
 * show it. Bounds the memory of four photos of 100 megapixels to that of one of them and four tiles.
 */
export function boundTile(picture: Size, layout: Layout): Size {
  return scaled(picture, Math.min(1, maxTileSide(layout) / Math.max(picture.width, picture.height)));
}

/**
 * Places 2 to 4 pictures without distortion: side by side at the smallest height, stacked at the smallest width, or two
 * by two in fields of the smallest width and height, centred, missing ones black. Made smaller as a whole if a side
 * would be longer than 8192 pixels, 5120 in a grid.
 */
export function planComposition(pictures: readonly Size[], layout: Layout): CompositionPlan {
  const width = Math.min(...pictures.map((picture) => picture.width));
  const height = Math.min(...pictures.map((picture) => picture.height));
  switch (layout) {
    case CompositionLayout.HORIZONTAL: {
      const total = sum(pictures.map((picture) => (picture.width * height) / picture.height));
      // Each width is rounded on its own, so that together they may be half a pixel each too wide.
      const rowHeight = Math.max(1, Math.floor(height * Math.min(1, (MAX_SIDE - pictures.length) / total)));
      const sizes = pictures.map((picture) => scaled(picture, rowHeight / picture.height));
      return row(sizes, rowHeight);
    }
    case CompositionLayout.VERTICAL: {
      const turned = pictures.map((picture) => ({ width: picture.height, height: picture.width }));
      return turnPlan(planComposition(turned, CompositionLayout.HORIZONTAL));
    }
    case CompositionLayout.GRID_2X2: {
      return grid(pictures, boundTile({ width, height }, layout));
    }
    default:
      return layout satisfies never;
  }
}

function row(sizes: readonly Size[], height: number): CompositionPlan {
  let left = 0;
  const places: Place[] = [];
  for (const { width } of sizes) {
    places.push({ left, top: 0, width, height });
    left += width;
  }
  return { width: left, height, places };
}

function grid(pictures: readonly Size[], field: Size): CompositionPlan {
  const places = pictures.map((picture, k) => {
    const size = scaled(picture, Math.min(field.width / picture.width, field.height / picture.height));
    const left = (k % 2) * field.width + Math.floor((field.width - size.width) / 2);
    const top = Math.floor(k / 2) * field.height + Math.floor((field.height - size.height) / 2);
    return { left, top, ...size };
  });
  return { width: field.width * 2, height: field.height * 2, places };
}

/** Exchanges x and y. */
function turnPlan({ width, height, places }: CompositionPlan): CompositionPlan {
  const turn = (place: Place) => ({ left: place.top, top: place.left, width: place.height, height: place.width });
  return { width: height, height: width, places: places.map(turn) };
}

function scaled({ width, height }: Size, factor: number): Size {
  return { width: Math.max(1, Math.round(width * factor)), height: Math.max(1, Math.round(height * factor)) };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
