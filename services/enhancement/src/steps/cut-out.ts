import { type Ellipse, emptyMask, type Image, type IrisGeometry, Label, type Mask, meanRadius } from '@irisvue/vision';
import { fitLidCurves } from './lid-curves.ts';
import type { Region } from './resample.ts';
import { resizeLabels } from './resize-labels.ts';
import { smoothInside } from './whiteness.ts';

/** How opaque each pixel of a scaled picture is. */
export interface CutOut {
  /** Fades the pixels of a region to black where the iris cannot be seen, in place. */
  apply(picture: Image, region: Region): void;
}

/** Limbus and lids are no lines: the outermost part, this share of the limbus radius, is half sclera or wet rim. */
const insetShare = 0.014;
/** The edge fades over this many source pixels, and over at least this share of the limbus radius. */
const edgePixels = 2;
const edgeShare = 0.01;
/** Result pixels of a block that is looked at as a whole: most blocks are all iris or all black. */
const block = 16;
/** Distances are of first order: a block counts as whole from this many times its half diagonal on. */
const caution = 2;

/**
 * Cuts visible iris and pupil out, softly, along smooth edges that are drawn at the result's own resolution: the limbus
 * ellipse, the curves of the lids, and for what neither explains (a finger, hair) the label map with its border
 * smoothed. All fade inwards, so neither skin nor sclera shows.
 */
export function makeCutOut(labels: Mask, geometry: IrisGeometry): CutOut {
  const { limbus } = geometry;
  const edge = Math.max(edgePixels, edgeShare * meanRadius(limbus));
  const inset = insetShare * meanRadius(limbus);
  const inside = depthInside(limbus);
  const lids = fitLidCurves(labels, limbus);
  const clear = depthInLabels(labels, limbus);
  const depth = (u: number, v: number): number => {
    let least = Math.min(inside(u, v) - inset, clear(u, v));
    for (const lid of lids) least = Math.min(least, lid(u, v) - inset);
    return least;
  };
  return {
    apply(picture, region) {
      const { originX, originY, scale } = region;
      const reach = (caution * block * Math.SQRT1_2) / scale;
      for (let y = 0; y < picture.height; y += block) {
        for (let x = 0; x < picture.width; x += block) {
          const right = Math.min(picture.width, x + block);
          const bottom = Math.min(picture.height, y + block);
          const u = originX + (region.x + x + block / 2) / scale;
          const v = originY + (region.y + y + block / 2) / scale;
          const middle = depth(u, v);
          if (middle >= edge + reach) continue;
          for (let row = y; row < bottom; row++) {
            const start = row * picture.width;
            if (middle <= -reach) picture.data.fill(0, (start + x) * 3, (start + right) * 3);
            else {
              const v = originY + (region.y + row + 0.5) / scale;
              for (let column = x; column < right; column++) {
                const u = originX + (region.x + column + 0.5) / scale;
                fade(picture.data, (start + column) * 3, eased(depth(u, v) / edge));
              }
            }
          }
        }
      }
    },
  };
}

function fade(data: Uint8Array, at: number, opacity: number): void {
  if (opacity >= 1) return;
  for (let c = 0; c < 3; c++) data[at + c] = Math.round(data[at + c] * opacity);
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

/** The label map is smoothed at this limbus radius: the result is smooth, so that nothing is lost. */
const smoothRadius = 128;
/** Half sides of the two square means, in pixels at that size: together a tent of 4 % of the radius each way. */
const smoothReach = 4;

/**
 * Distance to where the smoothed label map is half covered, in crop pixels, positive on iris and pupil; bounded. Beyond
 * the limbus all counts as seen: that border is the ellipse's.
 */
function depthInLabels(labels: Mask, limbus: Ellipse): (x: number, y: number) => number {
  const scale = Math.min(1, smoothRadius / meanRadius(limbus));
  const small = resizeLabels(labels, Math.round(labels.width * scale), Math.round(labels.height * scale));
  const { width, height } = small;
  const inside = depthInside(limbus);
  const everywhere = { ...emptyMask(width, height), data: new Uint8Array(width * height).fill(255) };
  const seen = Float32Array.from(small.data, (label, i) => {
    const x = (((i % width) + 0.5) * labels.width) / width;
    const y = ((Math.floor(i / width) + 0.5) * labels.height) / height;
    return label >= Label.iris || inside(x, y) <= 0 ? 1 : 0;
  });
  const reach = Math.max(1, Math.round((smoothReach * meanRadius(limbus) * scale) / smoothRadius));
  const smooth = smoothInside(smoothInside(seen, everywhere, reach), everywhere, reach);
  // At a straight border a tent rises by 1 over this many pixels of its own where it is steepest.
  const rise = ((2 * reach + 1) * labels.width) / width;
  return (x, y) => {
    const value = between(smooth, width, height, (x * width) / labels.width - 0.5, (y * height) / labels.height - 0.5);
    return value > surely ? Number.POSITIVE_INFINITY : (value - 0.5) * rise;
  };
}

/** From this value on the smoothed map knows nothing but iris; single precision leaves a rest. */
const surely = 0.999;

/** Linear between four values of a grid. */
function between(values: Float32Array, width: number, height: number, x: number, y: number): number {
  const u = Math.min(width - 1, Math.max(0, x));
  const v = Math.min(height - 1, Math.max(0, y));
  const x0 = Math.min(width - 2, Math.floor(u));
  const y0 = Math.min(height - 2, Math.floor(v));
  const at = y0 * width + x0;
  const upper = values[at] + (values[at + 1] - values[at]) * (u - x0);
  const lower = values[at + width] + (values[at + width + 1] - values[at + width]) * (u - x0);
  return upper + (lower - upper) * (v - y0);
}

function eased(t: number): number {
  const clamped = Math.min(1, Math.max(0, t));
  return clamped * clamped * (3 - 2 * clamped);
}
