import type { Image } from '@irisvue/vision';
import { describe, expect, test } from 'vitest';
import { sampleSquare } from '../src/steps/sample-square.ts';
import { letterbox, squareAround, toCells, toPhoto } from '../src/steps/square.ts';

/** A picture whose red is its column, green its row, blue even. */
const gradient = (width: number, height: number): Image => ({
  width,
  height,
  data: Uint8Array.from({ length: width * height * 3 }, (_, i) => {
    const pixel = Math.floor(i / 3);
    return [pixel % width, Math.floor(pixel / width), 60][i % 3];
  }),
});

/** B, G, R of a cell, 0 to 255. */
const colour = (planes: Float32Array, size: number, x: number, y: number) =>
  [0, 1, 2].map((channel) => 255 * planes[(channel * size + y) * size + x]);

function expectColour(found: ArrayLike<number>, wanted: readonly number[]): void {
  for (const [i, value] of wanted.entries()) expect(found[i]).toBeCloseTo(value, 3);
}

describe('sampleSquare', () => {
  test('gives the pixels themselves where cells are pixels, blue first', () => {
    const planes = sampleSquare(gradient(20, 20), { x: 4, y: 6, side: 8 }, 8);
    expectColour(colour(planes, 8, 3, 2), [60, 8, 7]);
  });

  test('averages what a cell covers, parts of pixels by their share', () => {
    const planes = sampleSquare(gradient(30, 30), { x: 1.5, y: 3, side: 20 }, 8);
    // The second cell covers columns 4 to 6.5, whose mean is 4.75 in values at pixel centres less one half.
    expectColour(colour(planes, 8, 1, 0), [60, (3 + 4 + 0.5 * 5) / 2.5, (4 + 5 + 0.5 * 6) / 2.5]);
  });

  test('interpolates between pixels where it enlarges', () => {
    const planes = sampleSquare(gradient(20, 20), { x: 4, y: 4, side: 4 }, 16);
    // Cell centres are 1/8, 3/8, … of a pixel behind 4; the first pixel's own centre is at 4.5.
    expectColour(colour(planes, 16, 1, 8), [60, 4 + 2.125 - 0.5, 4 + 0.375 - 0.5]);
  });

  test('is grey beyond the photo, and mixes grey in where the edge runs through a cell', () => {
    const planes = sampleSquare(gradient(20, 20), { x: -5, y: -4, side: 16 }, 8);
    expectColour(colour(planes, 8, 0, 4), [128, 128, 128]);
    expectColour(colour(planes, 8, 4, 0), [128, 128, 128]);
    // Columns −1 and 0, rows 4 and 5.
    expectColour(colour(planes, 8, 2, 4), [(128 + 60) / 2, (128 + 4.5) / 2, 128 / 2]);
    expectColour(sampleSquare(gradient(9, 9), { x: 40, y: 40, side: 8 }, 8), Array(8 * 8 * 3).fill(128 / 255));
  });

  test('takes evenly spread pixels of a large photo: the mean stays, to half a pixel', () => {
    const [blue, green, red] = colour(sampleSquare(gradient(256, 256), { x: 0, y: 0, side: 256 }, 4), 4, 1, 1);
    expect(blue).toBeCloseTo(60, 3);
    for (const mean of [green, red]) expect(Math.abs(mean - 95.5)).toBeLessThanOrEqual(0.51);
  });
});

describe('squares', () => {
  test.each([
    ['wide', { width: 400, height: 300 }],
    ['high', { width: 300, height: 400 }],
  ])('the letterbox of a %s photo maps to cells and back', (_what, photo) => {
    const square = letterbox(photo);
    expect(square.side).toBe(400);
    const oval = { cx: 150.5, cy: 90.25, r: 31, e1: 0.1, e2: -0.2 };
    const cells = toCells(oval, square, 160);
    expect(cells.r).toBeCloseTo(31 * 0.4, 9);
    const back = toPhoto(cells, square, 160);
    for (const key of ['cx', 'cy', 'r', 'e1', 'e2'] as const) expect(back[key]).toBeCloseTo(oval[key], 9);
    // The photo's middle is the square's.
    const middle = toCells({ ...oval, cx: photo.width / 2, cy: photo.height / 2 }, square, 160);
    expect([middle.cx, middle.cy]).toEqual([80, 80]);
  });

  test('a square around a circle has it in its middle', () => {
    expect(squareAround({ cx: 30, cy: 50, r: 20 }, 2)).toEqual({ x: -10, y: 10, side: 80 });
  });
});
