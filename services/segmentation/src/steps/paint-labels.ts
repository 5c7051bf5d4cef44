import { Label, type Mask } from '@irisvue/vision';
import { dilate, regionOf } from './cell-regions.ts';
import type { EyeCandidate } from './choose-eye.ts';
import { type ClassMap, cellSide, sampleCell } from './class-map.ts';

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

function mostProbable(map: ClassMap, x: number, y: number): Label {
  const { size } = map;
  let label: Label = Label.other;
  let most = sampleCell(map.background, size, x, y);
  const consider = (candidate: Label, plane: Float32Array): void => {
    const probability = sampleCell(plane, size, x, y);
    if (probability <= most) return;
    most = probability;
    label = candidate;
  };
  consider(Label.sclera, map.sclera);
  consider(Label.iris, map.iris);
  consider(Label.pupil, map.pupil);
  return label;
}
