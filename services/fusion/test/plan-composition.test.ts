import { CompositionLayout } from '@irisvue/contracts/irisvue/fusion/v1/fusion_service';
import { blackImage, type Image } from '@irisvue/vision';
import { describe, expect, test } from 'vitest';
import { placePictures } from '../src/compose.ts';
import { boundTile, MAX_GRID_SIDE, MAX_SIDE, planComposition } from '../src/steps/plan-composition.ts';

const { HORIZONTAL, VERTICAL, GRID_2X2 } = CompositionLayout;
const size = (width: number, height: number) => ({ width, height });

describe('planComposition', () => {
  test('side by side, all at the smallest height', () => {
    const plan = planComposition([size(400, 400), size(1000, 500), size(300, 600)], HORIZONTAL);
    expect(plan).toEqual({
      width: 1400,
      height: 400,
      places: [
        { left: 0, top: 0, width: 400, height: 400 },
        { left: 400, top: 0, width: 800, height: 400 },
        { left: 1200, top: 0, width: 200, height: 400 },
      ],
    });
  });

  test('stacked, all at the smallest width', () => {
    const plan = planComposition([size(400, 200), size(800, 800)], VERTICAL);
    expect(plan).toEqual({
      width: 400,
      height: 600,
      places: [
        { left: 0, top: 0, width: 400, height: 200 },
        { left: 0, top: 200, width: 400, height: 400 },
      ],
    });
  });

  test('two by two in fields of the smallest width and height, each centred', () => {
    const plan = planComposition([size(400, 300), size(500, 500), size(800, 300)], GRID_2X2);
    expect(plan).toEqual({
      width: 800,
      height: 600,
      places: [
        { left: 0, top: 0, width: 400, height: 300 },
        { left: 450, top: 0, width: 300, height: 300 },
        { left: 0, top: 375, width: 400, height: 150 },
      ],
    });
  });

  test.each([HORIZONTAL, VERTICAL, GRID_2X2])(
    'layout %i: no side is longer than its bound, and no picture is distorted',
    (layout) => {
      const pictures = [size(4096, 4096), size(9000, 3000), size(3333, 11_000), size(12_000, 8000)].map((picture) =>
        boundTile(picture, layout),
      );
      const plan = planComposition(pictures, layout);
      expect(Math.max(plan.width, plan.height)).toBeLessThanOrEqual(layout === GRID_2X2 ? MAX_GRID_SIDE : MAX_SIDE);
      for (const [k, { left, top, width, height }] of plan.places.entries()) {
        expect(left + width).toBeLessThanOrEqual(plan.width);
        expect(top + height).toBeLessThanOrEqual(plan.height);
        // A whole number of pixels is within half a pixel of the right one.
        expect(Math.abs(width - (height * pictures[k]!.width) / pictures[k]!.height)).toBeLessThan(3);
      }
    },
  );
});

test('boundTile leaves a result as it is and bounds a photo of 100 megapixels', () => {
  expect(boundTile(size(4096, 4096), HORIZONTAL)).toEqual(size(4096, 4096));
  expect(boundTile(size(4096, 4096), GRID_2X2)).toEqual(size(2560, 2560));
  expect(boundTile(size(12_000, 8000), VERTICAL)).toEqual(size(4096, 2731));
});

test('placePictures: what is missing in a grid is black, and each picture is where it belongs', async () => {
  const filled = (grey: number): Image => ({ ...blackImage(20, 20), data: new Uint8Array(1200).fill(grey) });
  const grid = await placePictures([filled(50), filled(100), filled(150)], GRID_2X2);
  const at = (x: number, y: number) => grid.data[(y * 40 + x) * 3];
  expect([at(5, 5), at(35, 5), at(5, 35), at(35, 35)]).toEqual([50, 100, 150, 0]);
});
