import { blackImage, type Ellipse, type Image, meanRadius, resizeImage } from '@irisvue/vision';
import { sampleCubic } from './sample-cubic.ts';
import type { IrisPicture, StandardIris } from './standard-iris.ts';

/** Beyond this many limbus radii nothing is drawn: a result fades to black within a tenth of its radius. */
const DRAWN_RADIUS = 1.12;

/** Where a pupil lies once its limbus is the unit circle. */
interface UnitPupil {
  readonly cx: number;
  readonly cy: number;
  readonly radius: number;
}

/**
 * Brings an iris to the standard: limbus on limbus, pupil on pupil, fibres straight and evenly stretched between them.
 * Nothing is turned.
 *
 * 1) the source is made smaller, if it is larger than it will be drawn, so that nothing aliases;
 * 2) its limbus ellipse is mapped to the unit circle by a stretch along the ellipse's own axes;
 * 3) between pupil and limbus a point keeps its angle and its share of the way from one to the other (Daugman's rubber
 *    sheet, 1993, for circles with different centres); inside the pupil and beyond the limbus it is scaled and kept.
 *    So the map bends only on those two edges, where the eye has edges of its own;
 * 4) the source is sampled there, bicubically; outside of it is black.
 */
export async function fitIris(source: IrisPicture, standard: StandardIris): Promise<Image> {
  const { image, scale } = await shrinkToFit(source, standard);
  const { limbus } = source.geometry;
  const pupil = unitPupil(source, standard);
  const toPixels = fromUnitCircle(limbus);
  const { size, cx, cy, radius, pupilRadius } = standard;
  const inner = pupilRadius / radius;
  const fitted = blackImage(size, size);
  for (let y = 0, i = 0; y < size; y++)
    for (let x = 0; x < size; x++, i += 3) {
      const dx = (x + 0.5 - cx) / radius;
      const dy = (y + 0.5 - cy) / radius;
      const distance = Math.sqrt(dx * dx + dy * dy);
      if (distance > DRAWN_RADIUS) continue;
      // Share of the source pupil's offset that this point moves by: all inside the pupil, none from the limbus on.
      const offset = distance >= 1 ? 0 : distance <= inner ? 1 : (1 - distance) / (1 - inner);
      const reach = distance >= 1 ? distance : 1 + offset * (pupil.radius - 1);
      const stretch = distance >= 1 ? 1 : distance <= inner ? pupil.radius / inner : reach / distance;
      const ux = offset * pupil.cx + stretch * dx;
      const uy = offset * pupil.cy + stretch * dy;
      const sx = (limbus.cx + toPixels.xx * ux + toPixels.xy * uy) * scale.x - 0.5;
      const sy = (limbus.cy + toPixels.xy * ux + toPixels.yy * uy) * scale.y - 0.5;
      sampleCubic(image, sx, sy, fitted.data, i);
    }
  return fitted;
}

/** Area averaging down to the size at which a source pixel is a canvas pixel. */
async function shrinkToFit({ image, geometry }: IrisPicture, standard: StandardIris) {
  const scale = standard.radius / meanRadius(geometry.limbus);
  if (scale >= 1) return { image, scale: { x: 1, y: 1 } };
  const width = Math.max(1, Math.round(image.width * scale));
  const height = Math.max(1, Math.round(image.height * scale));
  const smaller = await resizeImage(image, width, height, 'area');
  return { image: smaller, scale: { x: width / image.width, y: height / image.height } };
}

/** A pupil that cannot be seen is taken to be where the standard has it. */
function unitPupil({ geometry: { limbus, pupil } }: IrisPicture, standard: StandardIris): UnitPupil {
  if (!pupil) return { cx: 0, cy: 0, radius: standard.pupilRadius / standard.radius };
  const { xx, xy, yy } = fromUnitCircle(limbus);
  const determinant = xx * yy - xy * xy;
  const dx = pupil.cx - limbus.cx;
  const dy = pupil.cy - limbus.cy;
  return {
    cx: (yy * dx - xy * dy) / determinant,
    cy: (xx * dy - xy * dx) / determinant,
    radius: meanRadius(pupil) / meanRadius(limbus),
  };
}

/** The symmetric matrix that takes the unit circle to an ellipse around 0 without turning it. */
function fromUnitCircle({ a, b, angleDegrees }: Ellipse): { xx: number; xy: number; yy: number } {
  const cos = Math.cos((angleDegrees * Math.PI) / 180);
  const sin = Math.sin((angleDegrees * Math.PI) / 180);
  return { xx: a * cos * cos + b * sin * sin, xy: (a - b) * cos * sin, yy: a * sin * sin + b * cos * cos };
}
