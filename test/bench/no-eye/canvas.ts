import type { Image } from '@irisvue/vision';
import type { Random } from '../random.ts';
import { clamp, length } from './arithmetic.ts';

/** Red, green, blue as a screen shows them, 0 to 1. */
export type Colour = readonly [number, number, number];

/** Tells the colour at a point by writing it. */
export type Shader = (u: number, v: number, out: number[]) => void;

/** How much of a point something covers, 0 to 1. */
export type Cover = (u: number, v: number) => number;

/**
 * A picture in the making. Points are told in shorter sides of the picture from its middle: u to the right, v down, so
 * that the shorter side runs from -0.5 to 0.5.
 */
export interface Canvas {
  readonly width: number;
  readonly height: number;
  /** Pixels of one unit. */
  readonly unit: number;
  /** RGB interleaved, 0 to 1. */
  readonly data: Float32Array;
}

export function makeCanvas(width: number, height: number): Canvas {
  return { width, height, unit: Math.min(width, height), data: new Float32Array(width * height * 3) };
}

/** Bounds of what is painted, so that little things are quick. */
export interface Box {
  readonly u: number;
  readonly v: number;
  /** Half its width and height. */
  readonly reach: number;
}

/** Lays a colour over the picture where `cover` says so; over all of it without one. */
export function lay(canvas: Canvas, shade: Shader, cover?: Cover, box?: Box): void {
  const { width, height, unit, data } = canvas;
  const column = (u: number): number => Math.floor(u * unit + width / 2);
  const row = (v: number): number => Math.floor(v * unit + height / 2);
  const left = box ? Math.max(0, column(box.u - box.reach)) : 0;
  const right = box ? Math.min(width, column(box.u + box.reach) + 1) : width;
  const top = box ? Math.max(0, row(box.v - box.reach)) : 0;
  const bottom = box ? Math.min(height, row(box.v + box.reach) + 1) : height;
  const out = [0, 0, 0];
  for (let y = top; y < bottom; y++) {
    const v = (y + 0.5 - height / 2) / unit;
    for (let x = left; x < right; x++) {
      const u = (x + 0.5 - width / 2) / unit;
      const share = cover ? cover(u, v) : 1;
      if (share <= 0) continue;
      const at = (y * width + x) * 3;
      out[0] = data[at];
      out[1] = data[at + 1];
      out[2] = data[at + 2];
      shade(u, v, out);
      for (let c = 0; c < 3; c++) data[at + c] += (out[c] - data[at + c]) * Math.min(1, share);
    }
  }
}

/** Cover of what lies inside: `distance` below 0; the border is `softness` wide, by default about a pixel. */
export function edge(distance: number, softness = 0.003): number {
  return clamp(0.5 - distance / softness);
}

/** A shader of one colour. */
export function flat([r, g, b]: Colour): Shader {
  return (_u, _v, out) => set(out, r, g, b);
}

export function set(out: number[], r: number, g: number, b: number): void {
  out[0] = r;
  out[1] = g;
  out[2] = b;
}

/** A filled disc. */
export function disc(canvas: Canvas, u: number, v: number, radius: number, shade: Shader, softness = 0.003): void {
  const cover: Cover = (x, y) => edge(length(x - u, y - v) - radius, softness);
  lay(canvas, shade, cover, { u, v, reach: radius + softness });
}

/** A line with a width at each point, in units. */
export function stroke(
  canvas: Canvas,
  points: readonly (readonly [number, number])[],
  widths: (along: number) => number,
  shade: Shader,
  softness = 0.002,
): void {
  for (let i = 1; i < points.length; i++) {
    const [au, av] = points[i - 1];
    const [bu, bv] = points[i];
    const [du, dv] = [bu - au, bv - av];
    const squared = du * du + dv * dv || 1e-12;
    const half = widths((i - 0.5) / (points.length - 1)) / 2;
    const reach = Math.max(Math.abs(du), Math.abs(dv)) / 2 + half + softness;
    lay(
      canvas,
      shade,
      (u, v) => {
        const t = clamp(((u - au) * du + (v - av) * dv) / squared);
        return edge(length(u - au - du * t, v - av - dv * t) - half, softness);
      },
      { u: (au + bu) / 2, v: (av + bv) / 2, reach },
    );
  }
}

/** A soft shadow under a disc, moved away from the light. */
export function shadow(canvas: Canvas, u: number, v: number, radius: number, depth = 0.55): void {
  const cover: Cover = (x, y) => depth * edge(length(x - u, y - v) - radius, 0.35 * radius);
  lay(canvas, flat([0.03, 0.03, 0.04]), cover, { u, v, reach: 1.3 * radius });
}

/** What the camera makes of it: blur (in units), vignette, a tint of the light, grain. */
export function develop(canvas: Canvas, random: Random): Image {
  blur(canvas, random.pick([0, 0, 0.001, 0.0015, 0.003]));
  const { width, height, data } = canvas;
  const warm = random.between(-0.06, 0.06);
  const exposure = random.between(0.85, 1.1);
  const gains = [exposure * (1 + warm), exposure, exposure * (1 - warm)];
  const dark = random.between(0, 0.35);
  const grain = random.between(0.004, 0.025);
  const out = new Uint8Array(data.length);
  for (let y = 0, at = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const u = (x + 0.5) / width - 0.5;
      const v = (y + 0.5) / height - 0.5;
      const corner = 1 - 2 * dark * (u * u + v * v);
      const luma = random.between(-grain, grain) + random.between(-grain, grain);
      for (let c = 0; c < 3; c++, at++) {
        out[at] = Math.floor(clamp(data[at] * gains[c] * corner + luma) * 255 + 0.5);
      }
    }
  }
  return { width, height, data: out };
}

/** Two passes of a box blur each way. */
export function blur({ width, height, unit, data }: Canvas, radius: number): void {
  const reach = Math.floor(radius * unit + 0.5);
  if (reach < 1) return;
  for (let pass = 0; pass < 2; pass++) {
    for (let y = 0; y < height; y++) blurLine(data, y * width * 3, 3, width, reach);
    for (let x = 0; x < width; x++) blurLine(data, x * 3, width * 3, height, reach);
  }
}

function blurLine(data: Float32Array, start: number, step: number, count: number, reach: number): void {
  const line = new Float64Array(count);
  for (let c = 0; c < 3; c++) {
    for (let i = 0; i < count; i++) line[i] = data[start + c + i * step];
    let sum = 0;
    for (let k = -reach; k <= reach; k++) sum += line[clamp(k, 0, count - 1)];
    for (let i = 0; i < count; i++) {
      data[start + c + i * step] = sum / (2 * reach + 1);
      sum += line[Math.min(count - 1, i + reach + 1)] - line[Math.max(0, i - reach)];
    }
  }
}
