import { emptyMask, type Image, Label, type Mask } from '@irisvue/vision';
import { linearLight, luminance, srgbValue } from './srgb.ts';
import { smoothInside } from './whiteness.ts';

/** Share by which a pixel's distance from its surroundings grows. */
const gain = 0.32;
/** Distances in L* above about this are edges, not texture, and grow less. */
const edgeFrom = 14;
/** Surroundings reach this share of the limbus radius. */
const reachShare = 0.07;
/** Surroundings are measured on a grid of at most this many cells a side: they are smooth. */
const mostCells = 512;

/**
 * Raises local contrast of the visible iris, in place, lightness only:
 * 1) L* of iris pixels averaged over the cells of a coarse grid, then over their surroundings, lids and pupil not
 * counted, so that no halo forms at them; 2) each iris pixel moves away from its surroundings by a share, edges less;
 * 3) red, green and blue are scaled alike in linear light, so that hue and saturation stay.
 *
 * @param radius of the limbus, in pixels.
 */
export function raiseContrast(image: Image, labels: Mask, radius: number): void {
  const { width, height, data } = image;
  const cell = Math.max(1, Math.ceil(Math.max(width, height) / mostCells));
  const around = measureAround(image, labels, cell, Math.max(1, Math.round((reachShare * radius) / cell)));
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++, i++) {
      if (labels.data[i] !== Label.iris) continue;
      const light = lightAt(image, i);
      const lightness = lightnessOf(light);
      const apart = lightness - between(around, (x + 0.5) / cell - 0.5, (y + 0.5) / cell - 0.5);
      const moved = lightness + (gain * apart) / (1 + (apart / edgeFrom) ** 2);
      const factor = light > 0 ? lightOf(Math.min(100, Math.max(0, moved))) / light : 1;
      for (let c = 0; c < 3; c++) data[i * 3 + c] = Math.round(srgbValue(linearLight[data[i * 3 + c]] * factor));
    }
  }
}

interface Grid {
  readonly width: number;
  readonly height: number;
  readonly values: Float32Array;
}

/** Mean L* around each cell; cells without iris nearby are 0 and never asked for. */
function measureAround(image: Image, labels: Mask, cell: number, reach: number): Grid {
  const cells = emptyMask(Math.ceil(image.width / cell), Math.ceil(image.height / cell));
  const sums = new Float32Array(cells.data.length);
  const counts = new Uint32Array(cells.data.length);
  for (let y = 0, i = 0; y < image.height; y++) {
    const row = Math.floor(y / cell) * cells.width;
    for (let x = 0; x < image.width; x++, i++) {
      if (labels.data[i] !== Label.iris) continue;
      const at = row + Math.floor(x / cell);
      sums[at] += lightnessOf(lightAt(image, i));
      counts[at]++;
    }
  }
  counts.forEach((count, at) => {
    if (count > 0) sums[at] /= count;
    cells.data[at] = count > 0 ? 255 : 0;
  });
  // Two means over a square are close to a tent: no edges of the square show.
  const values = smoothInside(smoothInside(sums, cells, reach), cells, reach);
  return { width: cells.width, height: cells.height, values };
}

/** Linear between the four cells around a place, cells without iris not counted. */
function between({ width, height, values }: Grid, x: number, y: number): number {
  const x0 = Math.floor(x);
  const y0 = Math.floor(y);
  let sum = 0;
  let total = 0;
  for (let v = Math.max(0, y0); v <= Math.min(height - 1, y0 + 1); v++) {
    for (let u = Math.max(0, x0); u <= Math.min(width - 1, x0 + 1); u++) {
      const value = values[v * width + u];
      const weight = value > 0 ? (1 - Math.abs(x - u)) * (1 - Math.abs(y - v)) : 0;
      sum += weight * value;
      total += weight;
    }
  }
  return total > 0 ? sum / total : 0;
}

function lightAt({ data }: Image, i: number): number {
  return luminance(linearLight[data[i * 3]], linearLight[data[i * 3 + 1]], linearLight[data[i * 3 + 2]]);
}

/** CIE L* of relative luminance. */
function lightnessOf(light: number): number {
  return light > 216 / 24389 ? 116 * Math.cbrt(light) - 16 : (light * 24389) / 27;
}

/** Relative luminance of CIE L*. */
function lightOf(lightness: number): number {
  return lightness > 8 ? ((lightness + 16) / 116) ** 3 : (lightness * 27) / 24389;
}
