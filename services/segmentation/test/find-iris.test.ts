import { join } from 'node:path';
import { type Image, Label, meanRadius, RejectionReason } from '@irisvue/vision';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { FoundIris } from '../src/found-iris.ts';
import { type IrisModel, openIrisModel } from '../src/iris-model.ts';
import { segment } from '../src/segment.ts';
import { toEllipse } from '../src/steps/oval.ts';
import { lidHeight, type PaintedEye, paintFace, paintSpot } from './painted-eye.ts';

// The whole flow with a model that knows painted eyes by their colours.

let model: IrisModel;
beforeAll(async () => {
  const opened = await openIrisModel(join(import.meta.dirname, 'models'), { device: 'cpu', threads: 1 });
  if (!opened) throw new Error('the tiny model is not there');
  model = opened;
});
afterAll(() => model[Symbol.asyncDispose]());

const eye: PaintedEye = {
  limbus: { cx: 206.3, cy: 148.8, r: 60, e1: 0.03, e2: 0.02 },
  pupil: { cx: 207.1, cy: 147.2, r: 22, e1: 0, e2: 0 },
  upper: 1.4,
  lower: 1.3,
};

async function found(image: Image): Promise<FoundIris> {
  const finding = await model.find(image);
  if (!('iris' in finding)) throw new Error(`refused: ${finding.evidence} of ${finding.limit}`);
  return finding.iris;
}

/** The label at a place of the photo. */
const labelAt = ({ labels, square }: FoundIris, x: number, y: number) =>
  labels.data[(y - square.y) * square.side + x - square.x];

function expectLimbus({ geometry }: FoundIris, { limbus }: PaintedEye, share = 0.006): void {
  const off = Math.hypot(geometry.limbus.cx - limbus.cx, geometry.limbus.cy - limbus.cy);
  expect(off / limbus.r).toBeLessThan(share);
  expect(Math.abs(meanRadius(geometry.limbus) / limbus.r - 1)).toBeLessThan(share);
}

test('limbus, pupil and lids are found to a fraction of a cell', async () => {
  const iris = await found(paintFace(400, 300, [eye]));
  expect(iris.method).toBe('unet-two-networks');
  expectLimbus(iris, eye);
  const { limbus, pupil, upperLid, lowerLid, frameWidth, frameHeight } = iris.geometry;
  expect([frameWidth, frameHeight]).toEqual([400, 300]);
  expect(limbus.b / limbus.a).toBeCloseTo(toEllipse(eye.limbus).b / toEllipse(eye.limbus).a, 2);
  expect(Math.abs(meanRadius(pupil!) / eye.pupil!.r - 1)).toBeLessThan(0.01);
  for (const [lid, side] of [
    [upperLid!, 'upper'],
    [lowerLid!, 'lower'],
  ] as const) {
    expect(lid.points).toHaveLength(17);
    for (const { x, y } of lid.points) expect(Math.abs(y - lidHeight(eye, x, side))).toBeLessThan(1.2);
  }
  expect(upperLid!.points[0].x).toBeCloseTo(eye.limbus.cx - eye.limbus.r, -0.5);
});

test('confidences say how sure each curve is', async () => {
  const { geometry } = await found(paintFace(400, 300, [eye]));
  // 2 % of the diameter is two expected errors of the tiny model's limbus, and a fifth of its lids'.
  expect(geometry.limbusConfidence).toBeCloseTo(1 - Math.exp(-2), 1);
  expect(geometry.pupilConfidence).toBeCloseTo(1 - Math.exp(-2), 1);
  expect(geometry.upperLid?.confidence).toBeCloseTo(1 - Math.exp(-0.2), 1);
});

test('a lid hides iris but not its geometry', async () => {
  const halfClosed = { ...eye, upper: 0.8 };
  const iris = await found(paintFace(400, 300, [halfClosed]));
  expectLimbus(iris, eye);
  expect(labelAt(iris, 206, 149 - 53)).toBe(Label.other);
  expect(labelAt(iris, 206, 149 + 45)).toBe(Label.iris);
  for (const { x, y } of iris.geometry.upperLid!.points) {
    expect(Math.abs(y - lidHeight(halfClosed, x, 'upper'))).toBeLessThan(1.2);
  }
});

test('a pupil that cannot be told is absent, and its place is iris', async () => {
  const iris = await found(paintFace(400, 300, [{ ...eye, pupil: undefined }]));
  expectLimbus(iris, eye);
  expect(iris.geometry).not.toHaveProperty('pupil');
  expect(iris.geometry).not.toHaveProperty('pupilConfidence');
  expect(iris.labels.data).not.toContain(Label.pupil);
  expect(labelAt(iris, 206, 149)).toBe(Label.iris);
});

test('of two eyes the larger one is taken, wherever it is', async () => {
  const eyeOf = (cx: number, r: number): PaintedEye => ({
    ...eye,
    limbus: { ...eye.limbus, cx, r },
    pupil: { ...eye.pupil!, cx, r: r / 3 },
  });
  for (const [left, right] of [
    [20, 28],
    [28, 20],
  ]) {
    const eyes = [eyeOf(105, left), eyeOf(310, right)];
    expectLimbus(await found(paintFace(400, 300, eyes)), left > right ? eyes[0] : eyes[1], 0.015);
  }
});

test('an iris that leaves the photo keeps its limbus, and its crop leaves the photo too', async () => {
  const cut = { ...eye, limbus: { ...eye.limbus, cx: 47 }, pupil: { ...eye.pupil!, cx: 47 } };
  const iris = await found(paintFace(400, 300, [cut]));
  expectLimbus(iris, cut, 0.02);
  expect(iris.square.x).toBeLessThan(-20);
  for (let y = 0; y < iris.square.side; y++) expect(iris.labels.data[y * iris.square.side]).toBe(Label.other);
  expect(labelAt(iris, 2, 149)).toBe(Label.iris);
});

test('highlights and lashes inside the iris are visible iris, patches elsewhere are not', async () => {
  const image = paintFace(400, 300, [eye]);
  paintSpot(image, 235, 150, 7, 'sclera');
  paintSpot(image, 175, 170, 5, 'skin');
  paintSpot(image, 203, 145, 6, 'sclera');
  paintSpot(image, 165, 72, 8, 'iris');
  const iris = await found(image);
  expect(labelAt(iris, 238, 153)).toBe(Label.iris);
  expect(labelAt(iris, 177, 172)).toBe(Label.iris);
  expect(labelAt(iris, 205, 148)).toBe(Label.pupil);
  expect(labelAt(iris, 168, 76)).toBe(Label.other);
});

describe('no eye', () => {
  const limits = { minIrisPx: 100, minVisiblePercent: 40 };

  test('is refused with the probability that the model saw, and its own limit', async () => {
    const outcome = await segment(paintFace(400, 300, []), model, limits);
    if ('segmented' in outcome) throw new Error('an eye was found');
    expect(outcome.rejection).toMatchObject({ reason: RejectionReason.NO_EYE, measured: 0, limit: 0.6 });
  });

  test('a green disc without sclera is none', async () => {
    const image = paintFace(400, 300, []);
    paintSpot(image, 150, 100, 100, 'iris');
    const finding = await model.find(image);
    expect('evidence' in finding && finding.evidence).toBeCloseTo(0, 6);
  });
});

test('the same photo gives the same answer', async () => {
  const image = paintFace(400, 300, [eye]);
  expect(await found(image)).toEqual(await found(image));
});
