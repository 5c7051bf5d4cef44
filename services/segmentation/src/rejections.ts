import { type PhotoRejection, RejectionReason } from '@irisvue/vision';
import type { Cover } from './steps/cover.ts';

const notClear = 'Iris not detected clearly';

/** Nothing that was found is an eye. `evidence` and `limit` from 0 to 1. */
export function noEye(evidence: number, limit: number): PhotoRejection {
  return {
    reason: RejectionReason.NO_EYE,
    message: `${notClear}: no eye was found in the photo.`,
    suggestion:
      'Take a close-up of one open eye, in focus and in even light, so that the eye fills most of the picture.',
    measured: round(evidence, 2),
    limit,
    unit: '',
  };
}

/** The iris has too few pixels across. */
export function irisTooSmall(diameterPx: number, limitPx: number): PhotoRejection {
  return {
    reason: RejectionReason.IRIS_TOO_SMALL,
    message: `${notClear}: the iris is ${Math.floor(diameterPx)} px across.`,
    suggestion: `Move closer or upload the original photo, so that the iris is at least ${limitPx} px across.`,
    measured: Math.floor(diameterPx),
    limit: limitPx,
    unit: 'px',
  };
}

/** Too little of the iris can be seen; the suggestion names what hides most of it. */
export function irisCovered(cover: Cover, limitPercent: number): PhotoRejection {
  const visible = Math.floor(100 * cover.visible);
  return {
    reason: RejectionReason.IRIS_COVERED,
    message: `${notClear}: only ${visible} % of the iris can be seen.`,
    suggestion: uncover(cover),
    measured: visible,
    limit: limitPercent,
    unit: '%',
  };
}

function uncover({ above, below, beyondPhoto }: Cover): string {
  const percent = (share: number): string => `${Math.round(100 * share)} %`;
  if (beyondPhoto >= Math.max(above, below)) {
    return `${percent(beyondPhoto)} of the iris lies beyond the edge of the photo: bring the whole eye into the picture.`;
  }
  if (above >= below) return `The upper lid covers ${percent(above)} of the iris: open the eye wider.`;
  return `The lower lid covers ${percent(below)} of the iris: open the eye wider and look straight into the camera.`;
}

function round(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}
