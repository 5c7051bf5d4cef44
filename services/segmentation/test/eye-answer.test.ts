import { join } from 'node:path';
import { type Model, openModel } from '@irisvue/vision';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openEyeNetwork } from '../src/eye-network.ts';
import { type ExpectedEye, meanExpected, mirrorExpected, readExpected } from '../src/steps/eye-answer.ts';
import { mirrorPlanes } from '../src/steps/mirror-planes.ts';
import { sampleSquare } from '../src/steps/sample-square.ts';
import { paintFace } from './painted-eye.ts';

const size = 192;
/** Numbers that are all different: n / 64. */
const vector = Float32Array.from({ length: 34 }, (_, i) => i / 64);
const cells = (n: number) => (n / 64) * size;

test('the vector is read in the order that the networks write it, lengths in cells', () => {
  const eye = readExpected(vector, size);
  expect(eye.presence).toBe(0);
  expect(eye.limbus).toEqual({ cx: cells(2), cy: cells(3), r: cells(4), e1: 5 / 64, e2: 6 / 64, error: cells(7) });
  expect(eye.pupil).toEqual({ cx: cells(8), cy: cells(9), r: cells(10), e1: 11 / 64, e2: 12 / 64, error: cells(13) });
  expect(eye.upperLid).toEqual({ heights: [14, 15, 16, 17, 18, 19, 20, 21, 22].map(cells), error: cells(23) });
  expect(eye.lowerLid).toEqual({ heights: [24, 25, 26, 27, 28, 29, 30, 31, 32].map(cells), error: cells(33) });
});

describe('the mirror', () => {
  test('exchanges left and right, turns slants and lids around, and leaves the rest', () => {
    const eye = readExpected(vector, size);
    const mirrored = mirrorExpected(eye, size);
    expect(mirrored.limbus).toEqual({ ...eye.limbus, cx: size - eye.limbus.cx, e2: -eye.limbus.e2 });
    expect(mirrored.upperLid.heights).toEqual(eye.upperLid.heights.toReversed());
    expect(mirrored.lowerLid.error).toBe(eye.lowerLid.error);
    expect(mirrorExpected(mirrored, size)).toEqual(eye);
  });

  test('the mean of an answer with itself is the answer', () => {
    const eye = readExpected(vector, size);
    expect(meanExpected(eye, eye)).toEqual(eye);
  });
});

describe('an eye network', () => {
  let model: Model;
  beforeAll(async () => {
    const opened = await openModel(join(import.meta.dirname, 'models'), 'iris-segmentation', {
      device: 'cpu',
      threads: 1,
    });
    if (!opened) throw new Error('the tiny model is not there');
    model = opened;
  });
  afterAll(() => model[Symbol.asyncDispose]());

  test('answers a mirrored square with the mirrored answer', async () => {
    const network = openEyeNetwork(model, 'outline');
    const limbus = { cx: 83, cy: 90, r: 45, e1: 0, e2: 0 };
    const image = paintFace(size, size, [{ limbus, pupil: { ...limbus, cx: 86, r: 15 }, upper: 0.8, lower: 1.2 }]);
    const square = { x: 0, y: 0, side: size };
    const planes = sampleSquare(image, square, size);
    const straight = await network.look(planes, square);
    const mirrored = await network.look(mirrorPlanes(planes, size), square);
    const back = mirrorExpected(mirrored.expected, size);
    for (const key of ['limbus', 'pupil'] as const satisfies (keyof ExpectedEye)[]) {
      expect(back[key].cx).toBeCloseTo(straight.expected[key].cx, 3);
      expect(back[key].cy).toBeCloseTo(straight.expected[key].cy, 3);
    }
    expect(straight.expected.limbus.cx).toBeCloseTo(83, 0);
    const turned = mirrorPlanes(mirrored.map.iris, size);
    expect(Math.max(...turned.map((p, i) => Math.abs(p - straight.map.iris[i])))).toBeLessThan(1e-4);
  });

  test.each([
    ['other classes', { classes: ['background'] }, /has classes background, not background,sclera/],
    [
      'an open size',
      { input: { name: 'bgr01', shape: [1, 3, 'h', 'w'], channels: 'BGR', range: [0, 1] } },
      /fixed square/,
    ],
    ['no geometry', { outputs: [{ name: 'prob', shape: [1, 7, 192, 192], meaning: '' }] }, /no output geometry/],
  ])('%s in the card is refused', (_what, other, problem) => {
    const outline = model.networks['outline'];
    const card = { ...outline.card, ...(other as Partial<typeof outline.card>) };
    const changed = { ...model, networks: { outline: { ...outline, card } } };
    expect(() => openEyeNetwork(changed, 'outline')).toThrow(problem);
  });

  test('a model without the network says which it has', () => {
    expect(() => openEyeNetwork(model, 'third')).toThrow(/no network "third", only search,outline/);
  });
});
