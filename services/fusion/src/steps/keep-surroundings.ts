import type { Image } from '@irisvue/vision';
import { PUPIL_EDGE } from './share-circle.ts';
import { smoothStep } from './smooth-step.ts';
import type { StandardIris } from './standard-iris.ts';

/** Where the blended picture ends, in limbus radii. */
const LIMBUS_EDGE = [1, 1.05] as const;

/**
 * The blended picture between pupil and limbus, the picture before blending around it: gradients say nothing about how
 * bright black is, and a background that glimmers spoils a print.
 */
export function keepSurroundings(blended: Image, before: Image, standard: StandardIris): Image {
  const { width, height } = blended;
  const data = Uint8Array.from(blended.data);
  for (let y = 0, i = 0; y < height; y++)
    for (let x = 0; x < width; x++, i += 3) {
      const distance = Math.sqrt((x + 0.5 - standard.cx) ** 2 + (y + 0.5 - standard.cy) ** 2);
      const inner = smoothStep(PUPIL_EDGE[0] * standard.pupilRadius, PUPIL_EDGE[1] * standard.pupilRadius, distance);
      const outer = smoothStep(LIMBUS_EDGE[0] * standard.radius, LIMBUS_EDGE[1] * standard.radius, distance);
      const weight = inner * (1 - outer);
      if (weight === 1) continue;
      for (let c = i; c < i + 3; c++) data[c] = Math.round(before.data[c]! + weight * (data[c]! - before.data[c]!));
    }
  return { width, height, data };
}
