import type { Ellipse } from '@irisvue/vision';

/**
 * Measures how far points lie from an ellipse, in shares of its radius in that direction: 0 on it, −1 at the centre.
 * Sine and cosine are taken once for all points.
 */
export function distanceFrom({ cx, cy, a, b, angleDegrees }: Ellipse): (x: number, y: number) => number {
  const cos = Math.cos((angleDegrees * Math.PI) / 180);
  const sin = Math.sin((angleDegrees * Math.PI) / 180);
  return (x, y) => {
    const along = ((x - cx) * cos + (y - cy) * sin) / a;
    const across = ((y - cy) * cos - (x - cx) * sin) / b;
    return Math.sqrt(along * along + across * across) - 1;
  };
}
