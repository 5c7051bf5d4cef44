/** One 32-bit channel. */
export interface Plane {
  readonly width: number;
  readonly height: number;
  readonly data: Float32Array;
}

export function makePlane(width: number, height: number): Plane {
  return { width, height, data: new Float32Array(width * height) };
}

/** A hair or a vessel: a polyline in pixels with a radius in pixels at each point. */
export interface Stroke {
  readonly points: readonly (readonly [number, number])[];
  readonly radii: readonly number[];
  /** 0 to 1. */
  readonly strength: number;
}

/**
 * Draws a stroke into a plane as the larger of what is there and its own cover, so that joints do not show.
 * `softness` is the width of the edge in pixels; strokes thinner than a pixel get fainter instead of vanishing.
 */
export function drawStroke(plane: Plane, stroke: Stroke, softness = 1): void {
  for (let i = 1; i < stroke.points.length; i++) {
    drawSegment(
      plane,
      stroke.points[i - 1],
      stroke.points[i],
      stroke.radii[i - 1],
      stroke.radii[i],
      stroke.strength,
      softness,
    );
  }
}

function drawSegment(
  plane: Plane,
  from: readonly [number, number],
  to: readonly [number, number],
  fromRadius: number,
  toRadius: number,
  strength: number,
  softness: number,
): void {
  const reach = Math.max(fromRadius, toRadius) + softness;
  const left = Math.max(0, Math.floor(Math.min(from[0], to[0]) - reach));
  const right = Math.min(plane.width - 1, Math.ceil(Math.max(from[0], to[0]) + reach));
  const top = Math.max(0, Math.floor(Math.min(from[1], to[1]) - reach));
  const bottom = Math.min(plane.height - 1, Math.ceil(Math.max(from[1], to[1]) + reach));
  const dx = to[0] - from[0];
  const dy = to[1] - from[1];
  const squaredLength = dx * dx + dy * dy || 1;
  for (let y = top; y <= bottom; y++) {
    for (let x = left; x <= right; x++) {
      const px = x + 0.5 - from[0];
      const py = y + 0.5 - from[1];
      const t = Math.min(1, Math.max(0, (px * dx + py * dy) / squaredLength));
      const radius = fromRadius + (toRadius - fromRadius) * t;
      const distance = Math.sqrt((px - dx * t) ** 2 + (py - dy * t) ** 2);
      const cover = strength * Math.min(1, Math.max(0, (radius - distance) / softness + 0.5)) * Math.min(1, 2 * radius);
      const at = y * plane.width + x;
      if (cover > plane.data[at]) plane.data[at] = cover;
    }
  }
}

/** Columns that are blurred together: a cache line of values. */
const lanes = 16;

/** Three box passes, close to a Gaussian of deviation `sigma` in pixels; in place. */
export function blurPlane(plane: Plane, sigma: number): void {
  const radius = Math.round((Math.sqrt(4 * sigma * sigma + 1) - 1) / 2);
  if (radius < 1) return;
  const { width, height, data } = plane;
  const row = new Float32Array(width);
  for (let y = 0; y < height; y++) {
    for (let pass = 0; pass < 3; pass++) boxRow(data, y * width, width, radius, row);
  }
  const block = new Float32Array(height * lanes);
  for (let x = 0; x < width; x += lanes) {
    const count = Math.min(lanes, width - x);
    for (let pass = 0; pass < 3; pass++) boxColumns(data, x, width, height, count, radius, block);
  }
}

/** Mean over 2·radius + 1 values of a row, in place. The first and last value go on beyond the ends. */
function boxRow(data: Float32Array, start: number, length: number, radius: number, copy: Float32Array): void {
  copy.set(data.subarray(start, start + length));
  const last = length - 1;
  const share = 1 / (2 * radius + 1);
  let sum = 0;
  for (let i = -radius; i < radius; i++) sum += copy[Math.min(last, Math.max(0, i))];
  for (let i = 0; i < length; i++) {
    sum += copy[Math.min(last, i + radius)];
    data[start + i] = sum * share;
    sum -= copy[Math.max(0, i - radius)];
  }
}

/** The same for `count` neighbouring columns of `length` rows; `copy` holds at least length × count values. */
function boxColumns(
  data: Float32Array,
  start: number,
  step: number,
  length: number,
  count: number,
  radius: number,
  copy: Float32Array,
): void {
  for (let i = 0, at = start; i < length; i++, at += step) {
    for (let lane = 0; lane < count; lane++) copy[i * count + lane] = data[at + lane];
  }
  const last = (length - 1) * count;
  const share = 1 / (2 * radius + 1);
  const sums = new Float64Array(count);
  for (let i = -radius; i < radius; i++) {
    const from = Math.min(last, Math.max(0, i * count));
    for (let lane = 0; lane < count; lane++) sums[lane] += copy[from + lane];
  }
  for (let i = 0, at = start; i < length; i++, at += step) {
    const enters = Math.min(last, (i + radius) * count);
    const leaves = Math.max(0, (i - radius) * count);
    for (let lane = 0; lane < count; lane++) {
      sums[lane] += copy[enters + lane];
      data[at + lane] = sums[lane] * share;
      sums[lane] -= copy[leaves + lane];
    }
  }
}
