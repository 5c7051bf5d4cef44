import { join } from 'node:path';
import { renderEye } from '@irisvue/testing';
import { blackImage, type Image, Label, type Mask, meanRadius, RejectionReason } from '@irisvue/vision';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type IrisModel, openIrisModel } from '../src/iris-model.ts';
import { type SegmentedPhoto, segment } from '../src/segment.ts';

const limits = { minIrisPx: 100, minVisiblePercent: 40 };
let model: IrisModel;

beforeAll(async () => {
  const modelsDir = join(import.meta.dirname, '../../../models');
  const opened = await openIrisModel(modelsDir, { device: 'cpu', threads: 1 });
  if (!opened) throw new Error('the model is not there');
  model = opened;
});
afterAll(() => model[Symbol.asyncDispose]());

async function segmented(image: Image, by: IrisModel | undefined): Promise<SegmentedPhoto> {
  const outcome = await segment(image, by, limits);
  if ('rejection' in outcome) throw new Error(JSON.stringify(outcome.rejection));
  return outcome.segmented;
}

async function refused(image: Image, by: IrisModel | undefined, bounds = limits) {
  const outcome = await segment(image, by, bounds);
  if ('segmented' in outcome) throw new Error(`found ${JSON.stringify(outcome.segmented.geometry)}`);
  return outcome.rejection;
}

/** Overlap of a mask with the rendered truth, 0 to 1. */
function overlap(mask: Mask, labels: Mask): number {
  let both = 0;
  let either = 0;
  for (let i = 0; i < mask.data.length; i++) {
    const found = mask.data[i] === 255;
    const is = labels.data[i] === Label.iris;
    if (found && is) both++;
    if (found || is) either++;
  }
  return both / either;
}

const eye = (seed: number, more = {}) => renderEye({ seed, width: 640, height: 480, openness: 1, ...more });

describe.each(['net', 'classical'])('%s', (way) => {
  const by = () => (way === 'net' ? model : undefined);

  test('finds the iris of a rendered eye, with limbus and pupil', async () => {
    const { image, labels, geometry } = eye(1, { irisColour: 'blue' });
    const found = await segmented(image, by());
    expect(found.method).toBe(way === 'net' ? 'unet-two-networks' : 'classical-limbus');
    expect(overlap(found.mask, labels)).toBeGreaterThan(way === 'net' ? 0.85 : 0.7);
    const radius = meanRadius(geometry.limbus);
    const { limbus, pupil } = found.geometry;
    expect(Math.hypot(limbus.cx - geometry.limbus.cx, limbus.cy - geometry.limbus.cy) / radius).toBeLessThan(0.12);
    expect(meanRadius(limbus) / radius).toBeCloseTo(1, 0.9);
    expect(meanRadius(pupil!) / meanRadius(geometry.pupil!)).toBeCloseTo(1, 0.5);
  });

  test.each([
    ['black', blackImage(400, 300)],
    ['noise', noise(400, 300, 128, 60)],
    ['skin', noise(500, 400, 150, 6)],
    ['a flat disc', disc(500, 400)],
  ])('%s is no eye', async (_what, image) => {
    const rejection = await refused(image, by());
    expect(rejection).toMatchObject({ reason: RejectionReason.NO_EYE, limit: way === 'net' ? 0.85 : 0.5 });
    expect(rejection.message).toContain('Iris not detected clearly');
    expect(rejection.measured).toBeLessThan(0.5);
  });
});

test('mask, crop and labels agree with each other and with the photo', async () => {
  const { image } = eye(3);
  const { mask, crop, labels, square, geometry } = await segmented(image, model);
  expect([mask.width, mask.height]).toEqual([image.width, image.height]);
  expect([crop.width, crop.height, labels.width, labels.height]).toEqual(Array(4).fill(square.side));
  expect(square.side).toBe(Math.round(2.6 * Math.max(geometry.limbus.a, geometry.limbus.b)));
  for (let i = 0; i < labels.data.length; i++) {
    const x = square.x + (i % square.side);
    const y = square.y + Math.floor(i / square.side);
    if (x < 0 || y < 0 || x >= image.width || y >= image.height) {
      expect(crop.data[i * 3]).toBe(0);
      continue;
    }
    const pixel = y * image.width + x;
    if (mask.data[pixel] !== (labels.data[i] === Label.iris ? 255 : 0))
      throw new Error(`mask and labels differ at ${x}, ${y}`);
    if (crop.data[i * 3] !== image.data[pixel * 3]) throw new Error(`crop and photo differ at ${x}, ${y}`);
  }
  expect(new Set(labels.data)).toEqual(new Set([Label.other, Label.sclera, Label.iris, Label.pupil]));
});

test('an iris at the edge of the photo has a crop that leaves it, black outside', async () => {
  const { image, geometry } = eye(1);
  const left = Math.round(geometry.limbus.cx - 1.05 * geometry.limbus.a);
  const { square, crop, mask } = await segmented(cutLeft(image, left), model);
  expect(square.x).toBeLessThan(0);
  const middle = (square.side >> 1) * square.side * 3;
  expect([...crop.data.subarray(middle, middle + 3)]).toEqual([0, 0, 0]);
  expect(mask.width).toBe(image.width - left);
});

test('an iris below the limit is refused with its size, and accepted when the limit allows', async () => {
  const { image } = eye(1, { width: 600, height: 420, irisRadius: 40 });
  const rejection = await refused(image, model);
  expect(rejection).toMatchObject({ reason: RejectionReason.IRIS_TOO_SMALL, limit: 100, unit: 'px' });
  expect(Math.abs(rejection.measured - 80)).toBeLessThan(8);
  expect('segmented' in (await segment(image, model, { ...limits, minIrisPx: 60 }))).toBe(true);
});

test('an iris that is mostly covered is refused with the lid that covers it', async () => {
  const { image } = eye(1, { openness: 0.5 });
  const rejection = await refused(image, model, { ...limits, minVisiblePercent: 95 });
  expect(rejection).toMatchObject({ reason: RejectionReason.IRIS_COVERED, limit: 95, unit: '%' });
  expect(rejection.suggestion).toMatch(/upper lid covers \d+ %/);
});

test('quality names its measures, each between 0 and 1', async () => {
  const { measures, qualityScore } = await segmented(eye(1).image, model);
  expect(measures.map(({ name }) => name).sort()).toEqual([
    'dilation',
    'grey_scale_utilisation',
    'iris_diameter',
    'iris_pupil_contrast',
    'iris_sclera_contrast',
    'margin',
    'pupil_circularity',
    'sharpness',
    'usable_iris_area',
  ]);
  for (const { score } of measures) expect(score >= 0 && score <= 1).toBe(true);
  expect(qualityScore).toBeGreaterThan(0.3);
});

test('the same photo gives the same answer', async () => {
  const { image } = eye(5);
  expect(await segment(image, model, limits)).toEqual(await segment(image, model, limits));
});

/** Even tone with noise from a fixed sequence. */
function noise(width: number, height: number, mean: number, deviation: number): Image {
  let state = 1;
  const data = Uint8Array.from({ length: width * height * 3 }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return mean + ((state / 2 ** 32) * 2 - 1) * deviation;
  });
  return { width, height, data };
}

/** A grey disc on white. */
function disc(width: number, height: number): Image {
  const data = new Uint8Array(width * height * 3);
  for (let i = 0; i < data.length; i++) {
    const pixel = Math.floor(i / 3);
    data[i] = Math.hypot((pixel % width) - width / 2, Math.floor(pixel / width) - height / 2) < 120 ? 90 : 250;
  }
  return { width, height, data };
}

/** The picture without its first columns. */
function cutLeft({ width, height, data }: Image, columns: number): Image {
  const rest = width - columns;
  const cut = new Uint8Array(rest * height * 3);
  for (let y = 0; y < height; y++) {
    cut.set(data.subarray((y * width + columns) * 3, (y + 1) * width * 3), y * rest * 3);
  }
  return { width: rest, height, data: cut };
}
