import { resolve } from 'node:path';
import { irisColours } from '@irisvue/testing';
import { Label, meanRadius } from '@irisvue/vision';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { removeReflections } from '../../../services/enhancement/src/remove-reflections.ts';
import { type IrisModel, openIrisModel } from '../../../services/segmentation/src/iris-model.ts';
import { noEyePictures } from '../no-eye/pictures.ts';
import type { LabelledEye } from './labelled-eye.ts';
import { ellipseError, overlap } from './mask-score.ts';
import { changedOutside, measureFilling } from './measure-filling.ts';
import { scoreFinding } from './measure-finding.ts';
import { type Method, methods, productBounds } from './methods.ts';
import { labelledRender } from './rendered-eyes.ts';
import { trueCrop } from './true-crop.ts';

// What the models in use must reach on rendered eyes, with room for another machine's rounding: bounds, not bytes.
const leastOverlap = 0.9;
/** In % of the iris diameter. */
const mostLimbusError = 2;
const mostPupilError = 5;

/** One of each kind; `./irisvue bench vision` shows all 200. */
const refusedPictures = [
  'skin 05',
  'coin 05',
  'lens 11',
  'button 10',
  'mouth 05',
  'closed lid 05',
  'text 05',
  'rings 09',
  'noise 05',
  'wheel 05',
  'plate 11',
  'traffic light 05',
  'flower 05',
  'ball 05',
  'nose 08',
  'texture 03',
];

let model: IrisModel | undefined;
let method: Method;
beforeAll(async () => {
  model = await openIrisModel(resolve(import.meta.dirname, '../../../models'), { device: 'cpu', threads: 1 });
  method = methods(model, 'model')[0];
});
afterAll(() => model?.[Symbol.asyncDispose]());

const golden = (i: number): LabelledEye =>
  labelledRender({ seed: 700 + i, width: 480, height: 360, irisColour: irisColours[i], skinTone: i % 6, openness: 1 });

describe.each(irisColours.map((colour, i) => ({ colour, i })))('a $colour eye', ({ i }) => {
  test('is found where it is', async () => {
    const { image, iris, limbus, pupil } = golden(i);
    const answer = await method.find(image, productBounds);
    if ('refused' in answer) throw new Error(`refused: ${answer.refused} ${answer.measured}`);
    expect(overlap(answer.mask, iris)).toBeGreaterThan(leastOverlap);
    const diameter = 2 * meanRadius(limbus!);
    const limbusError = ellipseError(answer.limbus, limbus!, diameter);
    expect(limbusError.centre).toBeLessThan(mostLimbusError);
    expect(Math.abs(limbusError.radius)).toBeLessThan(mostLimbusError);
    const pupilError = ellipseError(answer.pupil!, pupil!, diameter);
    expect(pupilError.centre).toBeLessThan(mostPupilError);
    expect(Math.abs(pupilError.radius)).toBeLessThan(mostPupilError);
  });
});

describe('pictures without an eye', () => {
  test.each(refusedPictures)('%s is refused', async (name) => {
    const picture = noEyePictures.find((one) => one.name === name);
    const answer = await method.find(picture!.render(), productBounds);
    expect(answer).toHaveProperty('refused');
  });
});

describe('highlights', () => {
  const eye = labelledRender({
    seed: 61,
    width: 400,
    height: 320,
    irisColour: 'hazel',
    light: 'softbox',
    openness: 1.2,
  });
  const { crop, glare } = trueCrop(eye)!;

  test('are found, and little else', async () => {
    const { recall, falseArea } = await scoreFinding({ crop, glare }, { name: 'golden', group: 'rendered' });
    expect(recall).toBeGreaterThan(0.9);
    expect(falseArea).toBeLessThan(0.02);
  });

  test('removing them changes the eye and nothing else', async () => {
    const { image, filledShare } = await removeReflections(crop);
    expect(filledShare).toBeGreaterThan(0);
    const eyeMask = { ...crop.labels, data: crop.labels.data.map((label) => (label >= Label.iris ? 255 : 0)) };
    expect(changedOutside(image, crop.image, eyeMask)).toBe(0);
  });

  test('a pasted light is filled, and not one pixel outside it changes', async () => {
    const fillings = await measureFilling({ crop, glare }, { name: 'golden', group: 'rendered' }, undefined);
    expect(fillings.length).toBeGreaterThan(0);
    for (const { score } of fillings) {
      expect(score.changedOutside).toBe(0);
      expect(score.ours.psnr).toBeGreaterThan(15);
    }
  });
});
