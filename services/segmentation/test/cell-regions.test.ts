import { expect, test } from 'vitest';
import { connectedRegions, dilate, fillHoles, regionOf } from '../src/steps/cell-regions.ts';
import { enclosingRadius } from '../src/steps/enclosing-radius.ts';

/** A region from a drawing: # is inside. */
const draw = (...rows: string[]) => Uint8Array.from(rows.join(''), (cell) => (cell === '#' ? 1 : 0));
const show = (region: Uint8Array, size: number) =>
  Array.from({ length: size }, (_, y) => [...region.subarray(y * size, (y + 1) * size)].map((c) => '.#'[c]).join(''));

test('regions touch by sides and corners, and come in reading order', () => {
  const regions = connectedRegions(draw('##..#', '..#.#', '.....', '#....', '....#'), 5);
  expect(regions.map((cells) => [...cells])).toEqual([[0, 1, 7], [4, 9], [15], [24]]);
  expect(show(regionOf(regions[0], 5), 5)[0]).toBe('##...');
});

test('dilation grows by a square and stops at the edge', () => {
  expect(show(dilate(draw('#....', '.....', '.....', '...#.', '.....'), 5, 1), 5)).toEqual([
    '##...',
    '##...',
    '..###',
    '..###',
    '..###',
  ]);
});

test('holes are filled, bays are not', () => {
  expect(show(fillHoles(draw('####.', '#..#.', '####.', '#..#.', '#..#.'), 5), 5)).toEqual([
    '####.',
    '####.',
    '####.',
    '#..#.',
    '#..#.',
  ]);
});

test('the circle around a disc has its radius, the one around a strip its half length', () => {
  const size = 81;
  const cells = (inside: (x: number, y: number) => boolean) =>
    Int32Array.from({ length: size * size }, (_, i) => i).filter((i) =>
      inside((i % size) - 40, Math.floor(i / size) - 40),
    );
  expect(
    enclosingRadius(
      cells((x, y) => Math.hypot(x, y) <= 30),
      size,
    ),
  ).toBeCloseTo(30.5, 0);
  expect(
    enclosingRadius(
      cells((x, y) => Math.abs(x) <= 35 && Math.abs(y) <= 1),
      size,
    ),
  ).toBeCloseTo(35.5, 0);
});
