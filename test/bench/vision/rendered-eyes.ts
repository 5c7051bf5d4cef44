import { type EyeRequest, irisColours, lights, renderEye } from '@irisvue/testing';
import { Label } from '@irisvue/vision';
import type { EyeSource, LabelledEye } from './labelled-eye.ts';
import { emptyMaskLike } from './mask-score.ts';

/** Seeds start here: tests use lower ones, so that nothing is tuned on the eyes of the bench. */
const firstSeed = 90_000;

/** How far the lids are open, in turn: wide, relaxed, tired, half closed. */
const opennesses = [1.2, 1, 0.85, 0.65];

/**
 * Eyes of every colour, skin tone, light and openness, the iris 16 to 60 % of the picture's width: the same ones on
 * every machine and in every run.
 */
export function renderedEyes(count: number): EyeSource[] {
  return Array.from({ length: count }, (_, i) => ({
    name: `rendered_${firstSeed + i}`,
    group: 'rendered',
    set: 'rendered',
    load: async () => {
      const [width, height] = i % 3 === 2 ? [600, 600] : [640, 480];
      return labelledRender({
        seed: firstSeed + i,
        width,
        height,
        irisColour: irisColours[i % irisColours.length],
        skinTone: (i * 5) % 6,
        light: lights[i % lights.length],
        openness: opennesses[i % opennesses.length],
        irisRadius: width * (0.08 + 0.22 * ((i * 0.618) % 1)),
        pupilRatio: 0.2 + 0.4 * ((i * 0.382) % 1),
      });
    },
  }));
}

/** Larger irises, wide open, of every colour: what is measured on fibres needs pixels. */
export function rendersForFibres(count: number): EyeSource[] {
  return Array.from({ length: count }, (_, i) => ({
    name: `fibres_${firstSeed + i}`,
    group: 'rendered',
    set: 'rendered',
    load: async () =>
      labelledRender({
        seed: firstSeed + i,
        width: 560,
        height: 480,
        irisColour: irisColours[i % irisColours.length],
        light: lights[i % lights.length],
        openness: 1.25,
        irisRadius: 150,
        pupilRatio: 0.25 + 0.3 * ((i * 0.382) % 1),
      }),
  }));
}

/** A rendered eye with its truth. */
export function labelledRender(request: EyeRequest): LabelledEye {
  const { image, labels, geometry, highlights } = renderEye(request);
  const iris = emptyMaskLike(labels);
  for (let at = 0; at < iris.data.length; at++) if (labels.data[at] === Label.iris) iris.data[at] = 255;
  return { image, iris, labels, glare: highlights, limbus: geometry.limbus, pupil: geometry.pupil };
}
