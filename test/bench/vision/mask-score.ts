import { type Ellipse, emptyMask, type Mask, meanRadius } from '@irisvue/vision';

/** A mask of zeros of the same size. */
export function emptyMaskLike({ width, height }: { readonly width: number; readonly height: number }): Mask {
  return emptyMask(width, height);
}

/** Tells whether a point, in pixels with corner origin, lies in an ellipse. */
export function insideEllipse({ cx, cy, a, b, angleDegrees }: Ellipse): (x: number, y: number) => boolean {
  const cos = Math.cos((angleDegrees * Math.PI) / 180);
  const sin = Math.sin((angleDegrees * Math.PI) / 180);
  return (x, y) => {
    const along = ((x - cx) * cos + (y - cy) * sin) / a;
    const across = ((y - cy) * cos - (x - cx) * sin) / b;
    return along * along + across * across <= 1;
  };
}

/** 255 inside an ellipse, 0 elsewhere. */
export function paintEllipse(width: number, height: number, ellipse: Ellipse): Mask {
  const mask = emptyMask(width, height);
  const inside = insideEllipse(ellipse);
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++, i++) if (inside(x + 0.5, y + 0.5)) mask.data[i] = 255;
  }
  return mask;
}

/** Intersection over union of what is set (above 127), 0 to 1; two empty masks agree. @throws RangeError when sizes differ. */
export function overlap(a: Mask, b: Mask): number {
  if (a.width !== b.width || a.height !== b.height) {
    throw new RangeError(`masks of ${a.width} × ${a.height} and ${b.width} × ${b.height}`);
  }
  let both = 0;
  let either = 0;
  for (let i = 0; i < a.data.length; i++) {
    const inA = a.data[i] > 127;
    const inB = b.data[i] > 127;
    if (inA && inB) both++;
    if (inA || inB) either++;
  }
  return either > 0 ? both / either : 1;
}

/** How far an ellipse is off, in % of the true iris diameter. */
export interface EllipseError {
  readonly centre: number;
  /** Positive: found too large. Radius is sqrt(a·b). */
  readonly radius: number;
}

/** @param diameter the true iris's, in pixels. */
export function ellipseError(found: Ellipse, truth: Ellipse, diameter: number): EllipseError {
  return {
    centre: (100 * Math.hypot(found.cx - truth.cx, found.cy - truth.cy)) / diameter,
    radius: (100 * (meanRadius(found) - meanRadius(truth))) / diameter,
  };
}
