import type { Image } from '@irisvue/vision';
import type { EyeNetwork } from '../eye-network.ts';
import type { FoundIris, IrisFinding } from '../found-iris.ts';
import { clearBeyond } from './class-map.ts';
import { cropAround, cutCrop } from './cut-crop.ts';
import { eyeStarts } from './eye-starts.ts';
import { type EyeLooks, outlineEye, presenceOf } from './outline-eye.ts';
import { clipToLimbus, paintLabels } from './paint-labels.ts';
import { confidence, readCurves, toGeometry } from './read-curves.ts';
import { sampleSquare } from './sample-square.ts';
import { letterbox, toPhoto } from './square.ts';
import { tidyMap } from './tidy-map.ts';

/** A second place is looked at beside an eye when its likeness is at least this share of the best one's. */
const rival = 0.5;

/** The two networks and their limits. */
export interface IrisNetworks {
  readonly search: EyeNetwork;
  readonly outline: EyeNetwork;
  readonly thresholds: {
    /** Least probability of iris or pupil that makes a cell part of an eye. */
    readonly irisOrPupil: number;
    /** Least probability of an eye. */
    readonly eye: number;
  };
}

/**
 * Finds the iris of an eye in a photo: 1) search the whole photo, letterboxed, for places that may be an eye 2) look
 * closely at each until one is an eye; where two are much alike, as in a picture of a face, both, and take the one that
 * is seen better 3) limbus, pupil and lids from the answer 4) labels from its map. What speaks for an eye is the
 * network's own probability that one is there.
 */
export async function findIris(photo: Image, networks: IrisNetworks): Promise<IrisFinding> {
  const limit = networks.thresholds.eye;
  const { eye, presence } = await lookForEye(photo, networks);
  if (!eye) return { evidence: presence, limit };
  return { iris: irisOf(photo, eye) };
}

/** The eye that is seen best, and the highest presence of what was looked at. */
async function lookForEye(
  photo: Image,
  { search, outline, thresholds }: IrisNetworks,
): Promise<{ readonly eye: EyeLooks | undefined; readonly presence: number }> {
  const square = letterbox(photo);
  const whole = await search.look(sampleSquare(photo, square, search.size), square);
  const searched = { ...whole, map: clearBeyond(whole.map, photo) };
  const starts = eyeStarts(searched, thresholds.irisOrPupil, thresholds.eye);
  let eye: EyeLooks | undefined;
  let presence = starts.length > 0 ? 0 : whole.expected.presence;
  for (const { cx, cy, r, likeness } of starts) {
    if (eye && likeness < rival * starts[0].likeness) break;
    const place = toPhoto({ cx, cy, r, e1: 0, e2: 0 }, square, search.size);
    const looks = await outlineEye(photo, place, outline, thresholds.eye);
    presence = Math.max(presence, presenceOf(looks));
    if (presenceOf(looks) < thresholds.eye) continue;
    if (!eye || worth(looks) > worth(eye)) eye = looks;
  }
  return { eye, presence };
}

/** Of two eyes the larger and sharper one is worth more; a blurred limbus is one that the network is not sure of. */
function worth(looks: EyeLooks): number {
  const { map, expected } = looks.wide;
  const { r, error } = expected.limbus;
  return Math.sqrt((r * map.square.side) / map.size) * presenceOf(looks) * confidence(error, r);
}

function irisOf(photo: Image, eye: EyeLooks): FoundIris {
  const curves = readCurves(eye);
  const geometry = toGeometry(curves, eye, photo);
  const square = cropAround(geometry.limbus);
  const labels = paintLabels(tidyMap(eye.close.map, curves.limbus, curves.pupil), square, photo);
  clipToLimbus(labels, square, geometry.limbus);
  return { method: 'unet-two-networks', geometry, square, crop: cutCrop(photo, square), labels };
}
