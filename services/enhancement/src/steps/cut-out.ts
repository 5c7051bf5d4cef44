import { type Ellipse, emptyMask, type Image, type IrisGeometry, Label, type Mask, meanRadius } from '@irisvue/vision';
import type { Region } from './resample.ts';

/** How opaque each pixel of a scaled picture is. */
export interface CutOut {
  /** Fades the pixels of a region to black where the iris cannot be seen, in place. */
  apply(picture: Image, region: Region): void;
}

/** The limbus is no line: its outermost part, this share of its radius, is half sclera and is left away. */
const insetShare = 0.014;
/** The edge fades over this many source pixels, and over at least this share of the limbus radius. */
const edgePixels = 2;
const edgeShare = 0.01;
/** Where the smoothed label map is this sure of iris or pupil, a pixel begins to show, and shows in full. */
const shownFrom = 0.5;
const shownFully = 0.92;

/**
 * Cuts visible iris and pupil out, softly: inside the limbus ellipse, which is drawn at the result's own resolution,
 * and inside the label map, whose steps are smoothed away. Both edges fade inwards, so neither skin nor sclera shows.
 */
export function makeCutOut(labels: Mask, geometry: IrisGeometry): CutOut {
  const edge = Math.max(edgePixels, edgeShare * meanRadius(geometry.limbus));
  const inset = insetShare * meanRadius(geometry.limbus);
  const seen = smoothLabels(labels, edge);
  const inside = depthInside(geometry.limbus);
  return {
    apply({ width, height, data }, region) {
      for (let y = 0, i = 0; y < height; y++) {
        const v = region.originY + (region.y + y + 0.5) / region.scale;
        for (let x = 0; x < width; x++, i += 3) {
          const u = region.originX + (region.x + x + 0.5) / region.scale;
          const limbus = eased((inside(u, v) - inset) / edge);
          const lids = limbus > 0 ? eased((sureness(seen, u, v) - shownFrom) / (shownFully - shownFrom)) : 0;
          const opacity = Math.min(limbus, lids);
          if (opacity >= 1) continue;
          for (let c = 0; c < 3; c++) data[i + c] = Math.round(data[i + c] * opacity);
        }
      }
    },
  };
}

/** Distance to the ellipse in pixels, positive inside; exact at the border, good to a per cent nearby. */
function depthInside(e: Ellipse): (x: number, y: number) => number {
  const turn = (e.angleDegrees * Math.PI) / 180;
  const cos = Math.cos(turn);
  const sin = Math.sin(turn);
  return (x, y) => {
    const dx = x - e.cx;
    const dy = y - e.cy;
    const p = (dx * cos + dy * sin) / e.a;
    const q = (dy * cos - dx * sin) / e.b;
    const f = Math.hypot(p, q);
    // First-order distance: value over the length of the gradient.
    return f > 0 ? ((1 - f) * f) / Math.hypot(p / e.a, q / e.b) : Math.min(e.a, e.b);
  };
}

/** 255 on iris and pupil, blurred by three means over `edge` pixels: close to a Gaussian of that deviation. */
function smoothLabels(labels: Mask, edge: number): Mask {
  const smooth = emptyMask(labels.width, labels.height);
  for (let i = 0; i < labels.data.length; i++) smooth.data[i] = labels.data[i] >= Label.iris ? 255 : 0;
  const radius = Math.max(1, Math.round(edge));
  const line = new Uint8Array(Math.max(labels.width, labels.height));
  for (let pass = 0; pass < 3; pass++) {
    for (let y = 0; y < labels.height; y++) meanLine(smooth.data, y * labels.width, 1, labels.width, radius, line);
    for (let x = 0; x < labels.width; x++) meanLine(smooth.data, x, labels.width, labels.height, radius, line);
  }
  return smooth;
}

/** Mean over 2·radius + 1 pixels of a row or column, in place; beyond the end there is nothing (0). */
function meanLine(
  data: Uint8Array,
  start: number,
  step: number,
  count: number,
  radius: number,
  line: Uint8Array,
): void {
  for (let i = 0; i < count; i++) line[i] = data[start + i * step];
  let sum = 0;
  for (let i = 0; i < Math.min(radius, count); i++) sum += line[i];
  for (let i = 0; i < count; i++) {
    if (i + radius < count) sum += line[i + radius];
    data[start + i * step] = Math.round(sum / (2 * radius + 1));
    if (i - radius >= 0) sum -= line[i - radius];
  }
}

/** The smoothed label map at a place, 0 to 1, linear between pixels. */
function sureness({ width, height, data }: Mask, x: number, y: number): number {
  const u = Math.min(width - 1, Math.max(0, x - 0.5));
  const v = Math.min(height - 1, Math.max(0, y - 0.5));
  const x0 = Math.min(width - 2, Math.floor(u));
  const y0 = Math.min(height - 2, Math.floor(v));
  const at = y0 * width + x0;
  const upper = data[at] + (data[at + 1] - data[at]) * (u - x0);
  const lower = data[at + width] + (data[at + width + 1] - data[at + width]) * (u - x0);
  return (upper + (lower - upper) * (v - y0)) / 255;
}

function eased(t: number): number {
  const clamped = Math.min(1, Math.max(0, t));
  return clamped * clamped * (3 - 2 * clamped);
}
