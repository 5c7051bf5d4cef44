import { type Ellipse, meanRadius } from '@irisvue/vision';
import { enhance } from '../../../services/enhancement/src/enhance.ts';
import { lanczosUpscaler } from '../../../services/enhancement/src/upscaler.ts';
import type { LabelledEye } from './labelled-eye.ts';
import { type Method, productBounds } from './methods.ts';
import type { TrueCrop } from './true-crop.ts';

/** The colours of a result beside those of its photo. */
export interface ColourScore {
  readonly name: string;
  readonly group: string;
  /** Mean CIEDE2000 of visible iris pixels. */
  readonly deltaE: number;
}

/** Colours do not depend on the size of the result; a small one is quick. */
const smallSide = 512;

export async function scoreColour(
  { crop }: TrueCrop,
  who: { readonly name: string; readonly group: string },
): Promise<ColourScore> {
  for await (const event of enhance(crop, { upscaler: lanczosUpscaler, maxSide: smallSide })) {
    if ('enhanced' in event) return { ...who, deltaE: event.enhanced.colourShift };
  }
  throw new Error('enhance ended without a result');
}

/** The iris as the result shows it. */
export interface GeometryScore {
  readonly name: string;
  readonly group: string;
  /** Longer over shorter axis of the true limbus in the result; 1 is a circle. */
  readonly limbusRatio: number;
  /** From the true pupil centre to the one that the result states, in % of the iris diameter. */
  readonly pupilOffset?: number;
  /** Error of pupil radius over limbus radius, in %. */
  readonly pupilRatioError?: number;
}

/**
 * The result is the photo moved and scaled, so that the true ellipses keep their shape and the stated ones are those
 * that were found. Undefined when the eye was refused.
 */
export async function scoreGeometry(
  { image, limbus, pupil }: LabelledEye,
  method: Method,
  who: { readonly name: string; readonly group: string },
): Promise<GeometryScore | undefined> {
  const answer = await method.find(image, productBounds);
  if ('refused' in answer || !limbus) return undefined;
  const limbusRatio = Math.max(limbus.a, limbus.b) / Math.min(limbus.a, limbus.b);
  if (!pupil || !answer.pupil) return { ...who, limbusRatio };
  const ratio = (p: Ellipse, l: Ellipse): number => meanRadius(p) / meanRadius(l);
  const distance = Math.hypot(answer.pupil.cx - pupil.cx, answer.pupil.cy - pupil.cy);
  return {
    ...who,
    limbusRatio,
    pupilOffset: (100 * distance) / (2 * meanRadius(limbus)),
    pupilRatioError: 100 * Math.abs(ratio(answer.pupil, answer.limbus) / ratio(pupil, limbus) - 1),
  };
}
