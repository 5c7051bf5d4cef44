import { type Ellipse, type Image, resizeImage } from '@irisvue/vision';
import type { IrisFinding } from '../found-iris.ts';
import { cropAround, cutCrop } from './cut-crop.ts';
import { findLids, type Lids } from './find-lids.ts';
import { findLimbus } from './find-limbus.ts';
import { type Circle, findPupil } from './find-pupil.ts';
import { labelClassically } from './label-classically.ts';
import { brightestPlane, redPlane } from './plane.ts';
import { countTones } from './tones.ts';
import { evidenceScore, leastEvidence, weighTones } from './weigh-evidence.ts';

/** Side of the crop that pupil and lids are searched in; finer detail only disturbs. */
const searchSide = 256;

/**
 * Finds an iris without a net: 1) the limbus, by contrast 2) the pupil inside it 3) lids that cross it 4) labels from
 * these curves. Limbus and pupil are circles.
 */
export async function findClassically(photo: Image): Promise<IrisFinding> {
  const { circle, evidence: contrast } = await findLimbus(photo);
  const square = cropAround(toEllipse(circle));
  const crop = cutCrop(photo, square);
  const { limbus, pupil, lids } = await searchCrop(crop, {
    cx: circle.cx - square.x,
    cy: circle.cy - square.y,
    radius: circle.radius,
  });
  const inPhoto = (c: Circle): Ellipse => toEllipse({ cx: c.cx + square.x, cy: c.cy + square.y, radius: c.radius });
  const frame = { frameWidth: photo.width, frameHeight: photo.height };
  const geometry = { limbus: toEllipse(circle), ...(pupil && { pupil: inPhoto(pupil) }), ...frame };
  const labels = labelClassically(crop, limbus, pupil, lids);
  const evidence = Math.min(contrast, evidenceScore(weighTones(countTones(crop, labels))));
  if (evidence < leastEvidence) return { evidence, limit: leastEvidence };
  return { iris: { method: 'classical-limbus', geometry, square, crop, labels } };
}

/** Looks for pupil and lids in a smaller copy of the crop; all values are in the crop's own pixels. */
async function searchCrop(
  crop: Image,
  limbus: Circle,
): Promise<{ readonly limbus: Circle; readonly pupil: Circle | undefined; readonly lids: Lids }> {
  const side = Math.min(searchSide, crop.width);
  const small = await resizeImage(crop, side, side, 'area');
  const scale = crop.width / side;
  const smallLimbus = scaleCircle(limbus, 1 / scale);
  const pupil = findPupil(brightestPlane(small), smallLimbus);
  const { upper, lower } = findLids(redPlane(small), smallLimbus);
  return {
    limbus,
    pupil: pupil && scaleCircle(pupil, scale),
    // The bend is relative to the radius and stays.
    lids: {
      upper: upper && { ...upper, top: upper.top * scale },
      lower: lower && { ...lower, top: lower.top * scale },
    },
  };
}

function scaleCircle({ cx, cy, radius }: Circle, scale: number): Circle {
  return { cx: cx * scale, cy: cy * scale, radius: radius * scale };
}

function toEllipse({ cx, cy, radius }: Circle): Ellipse {
  return { cx, cy, a: radius, b: radius, angleDegrees: 0 };
}
