import type { Plane } from './rendered-eye-plane.ts';

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
