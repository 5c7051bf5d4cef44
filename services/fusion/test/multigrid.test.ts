import { describe, expect, test } from 'vitest';
import { createPoissonSolver } from '../src/poisson/multigrid.ts';

/** Fills f = 4u − Σ neighbours for a known u and gives the largest difference between it and the solution. */
function errorOf(width: number, height: number, known: (x: number, y: number) => number, cycles?: number): number {
  const solver = createPoissonSolver(width, height);
  const at = (x: number, y: number) => (x < 1 || y < 1 || x > width || y > height ? 0 : known(x, y));
  for (let y = 1; y <= height; y++)
    for (let x = 1; x <= width; x++)
      solver.rightSide[y * (width + 2) + x] = 4 * at(x, y) - at(x - 1, y) - at(x + 1, y) - at(x, y - 1) - at(x, y + 1);
  solver.solve(cycles);
  let error = 0;
  for (let y = 1; y <= height; y++)
    for (let x = 1; x <= width; x++)
      error = Math.max(error, Math.abs(solver.solution[y * (width + 2) + x]! - at(x, y)));
  return error;
}

/** A hump of height 100 that is zero on the border. */
const hump = (width: number, height: number) => (x: number, y: number) =>
  100 * Math.sin((Math.PI * x) / (width + 1)) * Math.sin((Math.PI * y) / (height + 1));

describe('createPoissonSolver', () => {
  test.each([
    [255, 255],
    [256, 256],
    [257, 129],
    [100, 37],
    [512, 300],
  ])('one pass solves a smooth hump of 100 grey levels on %i × %i to within 0.03', (width, height) => {
    expect(errorOf(width, height, hump(width, height))).toBeLessThan(0.03);
  });

  test('each further cycle makes the error at least three times smaller', () => {
    const known = (x: number, y: number) => hump(200, 150)(x, y) + 20 * Math.sin(x * 0.7) * Math.sin(y * 1.3);
    const errors = [1, 2, 3].map((cycles) => errorOf(200, 150, known, cycles));
    expect(errors[1]! / errors[0]!).toBeLessThan(1 / 3);
    expect(errors[2]! / errors[1]!).toBeLessThan(1 / 3);
  });

  test.each([
    [1, 1],
    [2, 5],
    [3, 400],
    [400, 3],
    [4, 4],
    [5, 301],
    [17, 2],
  ])('a thin or tiny rectangle of %i × %i is solved too', (width, height) => {
    expect(errorOf(width, height, hump(width, height), 3)).toBeLessThan(0.02);
  });

  test('a right side of zero has the solution zero, also after another one', () => {
    const solver = createPoissonSolver(40, 30);
    solver.rightSide.fill(5);
    solver.solve();
    expect(solver.solution[20 * 42 + 15]).toBeGreaterThan(1);
    solver.rightSide.fill(0);
    solver.solve();
    expect(solver.solution.every((value) => value === 0)).toBe(true);
  });
});
