import type { Ellipse, Image } from '@irisvue/vision';
import type { IrisPicture } from '../src/steps/standard-iris.ts';

/** How an iris is painted: sizes as shares of the picture's side. */
export interface PaintedIris {
  readonly side: number;
  readonly colour: readonly [number, number, number];
  readonly limbus?: Partial<Ellipse>;
  readonly pupil?: Partial<Ellipse>;
  /** Everything above this share of the height is black, like a lid that was cut out. */
  readonly lid?: number;
}

/** A flat iris with fibres on black, with exactly known limbus and pupil. */
export function paintIris({ side, colour, lid = 0, ...o }: PaintedIris): IrisPicture {
  const middle = { cx: side / 2, cy: side / 2, angleDegrees: 0 };
  const limbus = { ...middle, a: side / 2.2, b: side / 2.2, ...o.limbus };
  const pupil = { ...middle, a: side / 6, b: side / 6, ...o.pupil };
  const data = new Uint8Array(side * side * 3);
  for (let y = 0; y < side; y++)
    for (let x = 0; x < side; x++) {
      if (y < lid * side || !isInside(limbus, x, y)) continue;
      const fibre = 1 + 0.15 * Math.sin(60 * Math.atan2(y - middle.cy, x - middle.cx));
      const value = isInside(pupil, x, y) ? [0, 0, 0] : colour.map((c) => Math.min(255, Math.round(c * fibre)));
      data.set(value, (y * side + x) * 3);
    }
  const image: Image = { width: side, height: side, data };
  return { image, geometry: { limbus, pupil, frameWidth: side, frameHeight: side } };
}

function isInside({ cx, cy, a, b, angleDegrees }: Ellipse, x: number, y: number): boolean {
  const angle = (angleDegrees * Math.PI) / 180;
  const [dx, dy] = [x + 0.5 - cx, y + 0.5 - cy];
  const along = dx * Math.cos(angle) + dy * Math.sin(angle);
  const across = dy * Math.cos(angle) - dx * Math.sin(angle);
  return (along / a) ** 2 + (across / b) ** 2 < 1;
}
