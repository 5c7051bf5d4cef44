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

/** Three box passes, close to a Gaussian of deviation `sigma` in pixels; in place. */
export function blurPlane(plane: Plane, sigma: number): void {
  const radius = Math.round((Math.sqrt(4 * sigma * sigma + 1) - 1) / 2);
  if (radius < 1) return;
  const { width, height, data } = plane;
  const line = new Float32Array(Math.max(width, height));
  for (let pass = 0; pass < 3; pass++) {
    for (let y = 0; y < height; y++) blurLine(data, y * width, 1, width, radius, line);
    for (let x = 0; x < width; x++) blurLine(data, x, width, height, radius, line);
  }
}

function blurLine(
  data: Float32Array,
  start: number,
  step: number,
  count: number,
  radius: number,
  line: Float32Array,
): void {
  for (let i = 0; i < count; i++) line[i] = data[start + i * step];
  const inverse = 1 / (2 * radius + 1);
  let sum = line[0] * radius;
  for (let i = 0; i < radius; i++) sum += line[Math.min(count - 1, i)];
  for (let i = 0; i < count; i++) {
    sum += line[Math.min(count - 1, i + radius)];
    data[start + i * step] = sum * inverse;
    sum -= line[Math.max(0, i - radius)];
  }
}
