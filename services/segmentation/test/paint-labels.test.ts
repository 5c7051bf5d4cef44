import { Label } from '@irisvue/vision';
import { describe, expect, test } from 'vitest';
import { type ClassMap, corners } from '../src/steps/class-map.ts';
import { distanceFrom } from '../src/steps/ellipse-distance.ts';
import { type Oval, toEllipse } from '../src/steps/oval.ts';
import { clipToLimbus, paintLabels } from '../src/steps/paint-labels.ts';
import { cutMap, refineMap } from '../src/steps/refine-map.ts';
import { tidyMap } from '../src/steps/tidy-map.ts';
import { paintDisc, seededNoise } from './painted-eye.ts';

const size = 64;
const square = { x: 100, y: 50, side: 320 };
const limbus: Oval = { cx: 31.2, cy: 33.4, r: 18, e1: 0.02, e2: 0.03 };
const pupil: Oval = { cx: 31.8, cy: 33, r: 6, e1: 0, e2: 0 };
const photo = { width: 1000, height: 1000 };

/** An eye in sclera: iris and pupil with soft borders. */
function eyeMap(): ClassMap {
  const whole = paintDisc(limbus, size, 2);
  const hole = paintDisc(pupil, size, 2);
  const opening = paintDisc({ ...limbus, r: 26 }, size, 2);
  return {
    size,
    square,
    background: opening.map((p) => 1 - p),
    sclera: opening.map((p, i) => Math.max(0, p - whole[i])),
    iris: whole.map((p, i) => p - hole[i]),
    pupil: hole,
  };
}

/** A map of even chances with noise, a hard case for borders. */
function noisyMap(): ClassMap {
  const noise = seededNoise(3);
  const plane = () => Float32Array.from({ length: size * size }, noise);
  return { size, square, background: plane(), sclera: plane(), iris: plane(), pupil: plane() };
}

/** Cell coordinates of a pixel's centre. */
const cellAt = (x: number, y: number) => [(x + 0.5 - square.x) / 5, (y + 0.5 - square.y) / 5] as const;

describe('paintLabels', () => {
  test('labels each pixel as interpolation at its centre does, block by block or not', () => {
    const map = noisyMap();
    const window = { x: 150, y: 90, side: 120 };
    const labels = paintLabels(map, window, photo);
    const fine = refineMap(map, 3);
    const planes = [fine.background, fine.sclera, fine.iris, fine.pupil];
    for (let y = 0; y < window.side; y += 7) {
      for (let x = 0; x < window.side; x += 5) {
        const [u, v] = cellAt(window.x + x, window.y + y);
        const { at, weights } = corners(fine.size, u * 3, v * 3);
        const p = planes.map(
          (plane) =>
            plane[at] * weights[0] +
            plane[at + 1] * weights[1] +
            plane[at + fine.size] * weights[2] +
            plane[at + fine.size + 1] * weights[3],
        );
        expect(p[labels.data[y * window.side + x]]).toBeCloseTo(Math.max(...p), 5);
      }
    }
  });

  test('draws borders between cells', () => {
    const window = { x: 140, y: 100, side: 240 };
    const labels = paintLabels(eyeMap(), window, photo);
    const fromLimbus = distanceFrom(toEllipse(limbus));
    const fromPupil = distanceFrom(toEllipse(pupil));
    let wrong = 0;
    for (let i = 0; i < labels.data.length; i++) {
      const [u, v] = cellAt(window.x + (i % window.side), window.y + Math.floor(i / window.side));
      const truth = fromPupil(u, v) < 0 ? Label.pupil : fromLimbus(u, v) < 0 ? Label.iris : undefined;
      const found = labels.data[i];
      if (truth !== (found === Label.iris || found === Label.pupil ? found : undefined)) wrong++;
    }
    // 90 px of radius: a border that is off by a third of a pixel (a fifteenth of a cell) misses about 250 pixels.
    expect(wrong).toBeLessThan(250);
  });

  test('is `other` beyond the map and beyond the photo', () => {
    const map = { ...eyeMap(), iris: new Float32Array(size * size).fill(9) };
    const labels = paintLabels(map, { x: 90, y: 40, side: 400 }, { width: 300, height: 200 });
    const at = (x: number, y: number) => labels.data[(y - 40) * 400 + x - 90];
    expect([at(99, 60), at(110, 49), at(300, 60), at(110, 200)]).toEqual(Array(4).fill(Label.other));
    expect([at(100, 50), at(299, 199)]).toEqual([Label.iris, Label.iris]);
  });
});

test('refining keeps a straight ramp straight, and cells in their place', () => {
  const ramp = Float32Array.from({ length: size * size }, (_, i) => (i % size) + 2 * Math.floor(i / size));
  const map = { ...eyeMap(), iris: ramp };
  const fine = refineMap(map, 3).iris;
  for (const [x, y] of [
    [30, 60],
    [31, 61],
    [95, 100],
  ]) {
    expect(fine[y * size * 3 + x]).toBeCloseTo((x + 0.5) / 3 - 0.5 + 2 * ((y + 0.5) / 3 - 0.5), 4);
  }
});

test('a cut map shows the same places', () => {
  const cut = cutMap(eyeMap(), { x: 160, y: 120, side: 100 });
  expect(cut.size).toBeLessThan(size / 2);
  const whole = eyeMap();
  const [left, top] = [(cut.square.x - square.x) / 5, (cut.square.y - square.y) / 5];
  expect(cut.iris[7 * cut.size + 9]).toBe(whole.iris[(7 + top) * size + 9 + left]);
  expect(cut.square.side / cut.size).toBe(5);
});

test('clipping leaves no iris outside the limbus and all of it inside', () => {
  const window = { x: 140, y: 100, side: 240 };
  const labels = { width: 240, height: 240, data: new Uint8Array(240 * 240).fill(Label.iris) };
  const ellipse = { cx: 250, cy: 220, a: 90, b: 60, angleDegrees: 30 };
  clipToLimbus(labels, window, ellipse);
  const outside = distanceFrom(ellipse);
  const wrong = labels.data.filter((label, i) => {
    const distance = outside(window.x + (i % 240) + 0.5, window.y + Math.floor(i / 240) + 0.5);
    return Math.abs(distance) > 1e-6 && label !== (distance < 0 ? Label.iris : Label.other);
  });
  expect(wrong).toHaveLength(0);
});

describe('tidyMap', () => {
  const cell = (x: number, y: number) => y * size + x;
  const set = (map: ClassMap, at: number, part: 'background' | 'sclera' | 'iris' | 'pupil') => {
    for (const plane of ['background', 'sclera', 'iris', 'pupil'] as const) map[plane][at] = plane === part ? 1 : 0;
  };

  test('closes small holes, with what lies around', () => {
    const map = eyeMap();
    set(map, cell(42, 34), 'sclera');
    set(map, cell(32, 33), 'background');
    const tidy = tidyMap(map, limbus, pupil);
    expect([tidy.iris[cell(42, 34)], tidy.sclera[cell(42, 34)]]).toEqual([1, 0]);
    expect([tidy.pupil[cell(32, 33)], tidy.iris[cell(32, 33)]]).toEqual([1, 0]);
  });

  test('keeps a large hole: something lies before the iris', () => {
    const map = eyeMap();
    for (let y = 40; y < 47; y++) for (let x = 28; x < 36; x++) set(map, cell(x, y), 'background');
    expect(tidyMap(map, limbus, pupil).background[cell(31, 43)]).toBe(1);
  });

  test('drops what is beyond the limbus, and crumbs inside it', () => {
    const map = eyeMap();
    set(map, cell(5, 33), 'iris');
    for (let y = 15; y < 24; y++) for (let x = 10; x < 55; x++) set(map, cell(x, y), 'background');
    set(map, cell(31, 18), 'iris');
    const tidy = tidyMap(map, limbus, pupil);
    for (const at of [cell(5, 33), cell(31, 18)]) expect([tidy.iris[at], tidy.background[at]]).toEqual([0, 1]);
  });

  test('without a pupil, its place is iris, and the given map stays as it was', () => {
    const map = eyeMap();
    const before = map.pupil.slice();
    const tidy = tidyMap(map, limbus, undefined);
    expect(tidy.iris[cell(32, 33)]).toBeCloseTo(1, 5);
    expect(Math.max(...tidy.pupil)).toBe(0);
    expect(map.pupil).toEqual(before);
  });
});
