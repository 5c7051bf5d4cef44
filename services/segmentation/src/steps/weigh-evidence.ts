import type { EyeCandidate } from './choose-eye.ts';
import { ramp } from './ramp.ts';
import { median, quantile, type Tones } from './tones.ts';

/** Below this, what was found is not taken for an eye. */
export const leastEvidence = 0.5;

/** What speaks for an eye, each from 0 to 1. */
export interface Evidence {
  /** The net is sure of iris and pupil. */
  readonly certainty: number;
  /** Sclera lies around the iris. */
  readonly sclera: number;
  /** The sclera is brighter than the iris. */
  readonly brightness: number;
  /** The iris has structure, as fibres, crypts and reflections give it, and is no evenly coloured disc. */
  readonly structure: number;
  /** The pupil is not brighter than the iris. */
  readonly pupil: number;
}

/**
 * Weighs whether a region is an eye. The net was taught on eyes only and takes many a round thing for one, so the tones
 * of the picture have their say. Each scale runs from what was seen on skin, hair, text, coins and buttons to what the
 * weakest of the real photos shows, with `leastEvidence` between.
 */
export function weighEvidence(eye: EyeCandidate, tones: Tones): Evidence {
  const sclera = median(tones.sclera);
  const iris = median(tones.iris);
  const pupil = median(tones.pupil);
  const dark = quantile(tones.iris, 0.1);
  const light = quantile(tones.iris, 0.9);
  return {
    certainty: ramp(eye.certainty, 0.8, 0.95),
    sclera: ramp(eye.scleraContact, 0, 0.3),
    brightness: ramp((sclera - iris) / Math.max(1, sclera + iris), -0.1, 0.08),
    structure: ramp((light - dark) / (light + dark + darkOffset), 0, 0.15),
    pupil: ramp((iris - pupil) / (pupil + darkOffset), -0.8, 0),
  };
}

/** Luma; keeps sensor noise from counting as structure in the dark. */
const darkOffset = 20;

/** The weakest cue decides: an eye has all of them. */
export function evidenceScore(evidence: Evidence): number {
  return Math.min(...Object.values(evidence));
}
