import { ramp } from './ramp.ts';
import { median, quantile, type Tones, total } from './tones.ts';

/** Below this, what was found is not taken for an eye. */
export const leastEvidence = 0.5;

/** What the tones of a picture say for an eye, each from 0 to 1. */
export interface ToneEvidence {
  /** The sclera is brighter than the iris. */
  readonly brightness: number;
  /** The iris has structure, as fibres, crypts and reflections give it, and is no evenly coloured disc. */
  readonly structure: number;
  /** The pupil is not brighter than the iris. */
  readonly pupil: number;
}

/**
 * Weighs the tones of what may be an eye. A search for circles takes many a round
 * thing for one, and so does a network that was taught on eyes alone. Each scale runs from what was seen on skin, hair, text, coins and buttons to what the weakest of
 * the real photos shows, with `leastEvidence` between.
 */
export function weighTones(tones: Tones): ToneEvidence {
  const sclera = median(tones.sclera);
  const iris = median(tones.iris);
  const pupil = total(tones.pupil) > 0 ? median(tones.pupil) : iris;
  const dark = quantile(tones.iris, 0.1);
  const light = quantile(tones.iris, 0.9);
  return {
    brightness: ramp((sclera - iris) / Math.max(1, sclera + iris), -0.1, 0.08),
    structure: ramp((light - dark) / (light + dark + darkOffset), 0, 0.15),
    pupil: ramp((iris - pupil) / (pupil + darkOffset), -0.8, 0),
  };
}

/** Luma; keeps sensor noise from counting as structure in the dark. */
const darkOffset = 20;

/** The weakest cue decides: an eye has all of them. */
export function evidenceScore(evidence: ToneEvidence): number {
  return Math.min(...Object.values(evidence));
}
