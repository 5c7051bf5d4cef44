import { Label, type Mask } from '@irisvue/vision';
import { dilate, regionOf } from './cell-regions.ts';
import type { EyeCandidate } from './choose-eye.ts';
import { type ClassMap, cellSide, corners } from './class-map.ts';

/** A rectangle of whole photo pixels. */
export interface PixelWindow {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/**
 * Labels of a window of the photo, one for each of its pixels: the most probable class, probabilities interpolated
 * between cells so that borders are smooth at any resolution. Iris and pupil of anything but the chosen eye are
 * `other`, and so is what lies outside the map.
 */
export function paintLabels(map: ClassMap, eye: EyeCandidate, window: PixelWindow): Mask {
  const { size, square } = map;
  const cell = cellSide(map);
  // One cell of grace: the interpolated border may run just outside the region's own cells.
  const ours = dilate(regionOf(eye.cells, size), size, 1);
  const data = new Uint8Array(window.width * window.height);
  for (let row = 0; row < window.height; row++) {
    const y = (window.y + row + 0.5 - square.y) / cell;
    if (y < 0 || y >= size) continue;
    for (let column = 0; column < window.width; column++) {
      const x = (window.x + column + 0.5 - square.x) / cell;
      if (x < 0 || x >= size) continue;
      const label = mostProbable(map, x, y);
      const isEye = label === Label.iris || label === Label.pupil;
      if (!isEye || ours[Math.floor(y) * size + Math.floor(x)]) data[row * window.width + column] = label;
    }
  }
  return { width: window.width, height: window.height, data };
}

/** The most probable class at a point, in cells: each plane interpolated with the same four weights. */
function mostProbable({ size, background, sclera, iris, pupil }: ClassMap, x: number, y: number): Label {
  const { at, weights } = corners(size, x, y);
  const mix = (plane: Float32Array): number =>
    plane[at] * weights[0] +
    plane[at + 1] * weights[1] +
    plane[at + size] * weights[2] +
    plane[at + size + 1] * weights[3];
  const no = mix(background);
  const white = mix(sclera);
  const ring = mix(iris);
  const hole = mix(pupil);
  if (ring > no && ring > white && ring >= hole) return Label.iris;
  if (hole > no && hole > white) return Label.pupil;
  return white > no ? Label.sclera : Label.other;
}
