import type { IrisGeometry } from '@irisvue/vision';

/** Where the result lies over a crop. */
export interface ResultPlace {
  /** Width and height of the result in pixels. */
  readonly side: number;
  /** Crop pixels that it shows, each way. */
  readonly windowSide: number;
  /** Crop pixels at its left and top edge. */
  readonly originX: number;
  readonly originY: number;
  /** Result pixels for each crop pixel. */
  readonly scale: number;
  /** Result pixels from its centre to the furthest point of the limbus. */
  readonly reach: number;
}

/** The result shows this many limbus radii from its centre: the limbus and a margin of 10 %. */
const radiiShown = 1.1;
/** Nothing is enlarged by more than this. */
const mostScale = 4;

/** A square centred on the limbus, ×4 or as much as `maxSide` allows. */
export function placeResult({ limbus }: IrisGeometry, maxSide: number): ResultPlace {
  const half = radiiShown * Math.max(limbus.a, limbus.b);
  const windowSide = 2 * half;
  const side = Math.min(maxSide, Math.round(windowSide * mostScale));
  const scale = side / windowSide;
  return {
    side,
    windowSide,
    originX: limbus.cx - half,
    originY: limbus.cy - half,
    scale,
    reach: (half / radiiShown) * scale,
  };
}
