import { type Axis, coarserAxis, finestAxis } from './axis.ts';

/**
 * One grid of the hierarchy: unknown (x, y), both counted from 1, is at index y * stride + x. The cells around the
 * unknowns are the boundary condition: zero, for ever. A row more lets loops look past the border.
 */
interface Grid {
  readonly columns: Axis;
  readonly rows: Axis;
  readonly stride: number;
  readonly u: Float32Array;
  readonly f: Float32Array;
}

/**
 * Solves 4u − (sum of the four neighbours) = f on a rectangle whose border is zero, by full multigrid in float32.
 * The buffers are kept: fill `rightSide`, call `solve`, read `solution`, as often as wanted.
 */
export interface PoissonSolver {
  /** f; unknown (x, y), both from 1, is at y * (width + 2) + x. What lies around the unknowns stays zero. */
  readonly rightSide: Float32Array;
  /** u in the same layout. Holds the solution after `solve`. */
  readonly solution: Float32Array;
  /** One pass of full multigrid, O(number of unknowns); `cycles` V-cycles on each grid. */
  solve(cycles?: number): void;
}

/** Sweeps on the coarsest grid, which has at most 3 unknowns in one direction, so that they converge fast. */
const COARSEST_SWEEPS = 30;

/**
 * Makes a solver for `width` × `height` unknowns (both at least 1). It holds 8 bytes · 4/3 for each of them: 45 MB at
 * 2048 × 2048.
 *
 * Method (Brandt 1977; Trottenberg, Oosterlee, Schüller, "Multigrid", 2001, chapters 2 and 3):
 * 1) restrict f to every coarser grid; 2) solve the coarsest one; 3) from there to the finest: interpolate the solution
 * as a first guess and improve it by V-cycles with one red-black Gauss-Seidel sweep before and one after.
 *
 * The red-black order saves work without changing any value: after a sweep the residual is zero on the odd cells
 * (x + y odd), so that it is restricted from the even ones alone; and a sweep starts with the even cells, which depend on
 * odd ones alone, so that interpolation need not fill them.
 */
export function createPoissonSolver(width: number, height: number): PoissonSolver {
  const grids = [createGrid(finestAxis(width), finestAxis(height))];
  for (let g = grids[0]!; g.columns.count > 3 && g.rows.count > 3; g = grids.at(-1)!)
    grids.push(createGrid(coarserAxis(g.columns), coarserAxis(g.rows)));
  const finest = grids[0]!;
  const coarsest = grids.length - 1;
  return {
    rightSide: finest.f,
    solution: finest.u,
    solve(cycles = 1) {
      for (let k = 0; k < coarsest; k++) restrictRightSide(grids[k]!, grids[k + 1]!);
      solveCoarsest(grids[coarsest]!);
      for (let k = coarsest - 1; k >= 0; k--) {
        interpolate(grids[k + 1]!, grids[k]!, 0);
        for (let cycle = 0; cycle < cycles; cycle++) vCycle(grids, k);
      }
    },
  };
}

function createGrid(columns: Axis, rows: Axis): Grid {
  const stride = columns.count + 2;
  const cells = stride * (rows.count + 3);
  return { columns, rows, stride, u: new Float32Array(cells), f: new Float32Array(cells) };
}

/** Overwrites f of the coarser grids; nothing on the way up reads it any more. */
function vCycle(grids: readonly Grid[], k: number): void {
  const fine = grids[k]!;
  const coarse = grids[k + 1];
  if (!coarse) {
    solveCoarsest(fine);
    return;
  }
  relax(fine);
  restrictResidual(fine, coarse);
  coarse.u.fill(0);
  vCycle(grids, k + 1);
  interpolate(coarse, fine, 1);
  relax(fine);
}

function solveCoarsest(grid: Grid): void {
  grid.u.fill(0);
  for (let sweep = 0; sweep < COARSEST_SWEEPS; sweep++) relax(grid);
}

/** One Gauss-Seidel sweep, even cells then odd ones; a row of odd ones follows as soon as the even row below is done. */
function relax(grid: Grid): void {
  const height = grid.rows.count;
  for (let y = 1; y <= height + 1; y++) {
    if (y <= height) relaxRow(grid, y, 2 - (y & 1));
    if (y > 1) relaxRow(grid, y - 1, 2 - (y & 1));
  }
}

/** Every second cell of row `y` from x = `first`. The last row and column have their own weights, see {@link Axis}. */
function relaxRow({ columns, rows, stride, u, f }: Grid, y: number, first: number): void {
  const isLastRow = y === rows.count;
  const up = isLastRow ? rows.lastSide : 1;
  const rowCentre = isLastRow ? rows.lastCentre : 2;
  const scale = 1 / (2 + rowCentre);
  const last = y * stride + columns.count;
  let i = y * stride + first;
  for (; i < last; i += 2) u[i] = scale * (f[i]! + u[i - 1]! + u[i + 1]! + up * u[i - stride]! + u[i + stride]!);
  if (i === last)
    u[i] =
      (f[i]! + columns.lastSide * u[i - 1]! + up * u[i - stride]! + u[i + stride]!) / (columns.lastCentre + rowCentre);
}

/**
 * Restricts the residual after a sweep: it is zero on the odd cells, so that of nine cells the centre and the corners
 * are left. Times four, as the square of the grid's spacing grows by that.
 */
function restrictResidual(fine: Grid, coarse: Grid): void {
  const { u, f, stride } = fine;
  const { count } = coarse.columns;
  const residual = (i: number) => f[i]! - 4 * u[i]! + u[i - 1]! + u[i + 1]! + u[i - stride]! + u[i + stride]!;
  for (let y = 1; y < coarse.rows.count; y++) {
    let i = 2 * y * stride + 2;
    let j = y * coarse.stride + 1;
    let left = residual(i - stride - 1) + residual(i + stride - 1);
    for (const end = j + count - 1; j < end; i += 2, j++) {
      const right = residual(i - stride + 1) + residual(i + stride + 1);
      coarse.f[j] = residual(i) + 0.25 * (left + right);
      left = right;
    }
    coarse.f[j] = restrictLast(fine, coarse, count, y);
  }
  for (let x = 1, y = coarse.rows.count; x <= count; x++)
    coarse.f[y * coarse.stride + x] = restrictLast(fine, coarse, x, y);
}

/** The same for a cell of the last row or column, with the weights of {@link Axis}. */
function restrictLast({ u, f, stride, columns, rows }: Grid, coarse: Grid, x: number, y: number): number {
  const residual = (dx: number, dy: number) => {
    const i = (2 * y + dy) * stride + 2 * x + dx;
    const [side, centre] = 2 * x + dx === columns.count ? [columns.lastSide, columns.lastCentre] : [1, 2];
    const [up, rowCentre] = 2 * y + dy === rows.count ? [rows.lastSide, rows.lastCentre] : [1, 2];
    const neighbours = side * u[i - 1]! + u[i + 1]! + up * u[i - stride]! + u[i + stride]!;
    return f[i]! - (centre + rowCentre) * u[i]! + neighbours;
  };
  const { before, centre, after } = coarse.columns;
  const corners = (dy: number) => before[x]! * residual(-1, dy) + after[x]! * residual(1, dy);
  const { rows: weights } = coarse;
  const middle = weights.centre[y]! * centre[x]! * residual(0, 0);
  return 4 * (middle + weights.before[y]! * corners(-1) + weights.after[y]! * corners(1));
}

/** Restricts f itself, from all nine cells. */
function restrictRightSide(fine: Grid, coarse: Grid): void {
  const { f, stride } = fine;
  const { before, centre, after } = coarse.columns;
  for (let y = 1; y <= coarse.rows.count; y++) {
    const [above, middle, below] = [coarse.rows.before[y]!, coarse.rows.centre[y]!, coarse.rows.after[y]!];
    const down = (i: number) => above * f[i - stride]! + middle * f[i]! + below * f[i + stride]!;
    let i = 2 * y * stride + 2;
    let j = y * coarse.stride + 1;
    let left = down(i - 1);
    for (let x = 1; x <= coarse.columns.count; x++, i += 2, j++) {
      const right = down(i + 1);
      coarse.f[j] = 4 * (before[x]! * left + centre[x]! * down(i) + after[x]! * right);
      left = right;
    }
  }
}

/** Linear interpolation to the odd cells of the finer grid: u = keep · u + interpolated. A sweep must follow. */
function interpolate(coarse: Grid, fine: Grid, keep: 0 | 1): void {
  const { u, stride, columns, rows } = fine;
  const v = coarse.u;
  for (let y = 1; y <= rows.count; y++) {
    // On a coarse row the odd cells lie between two coarse columns; between two coarse rows, on a coarse column.
    const between = y & 1;
    const step = between ? coarse.stride : 1;
    const weight = between && y === rows.count ? rows.lastWeight : 0.5;
    const last = y * stride + columns.count;
    let i = y * stride + 1 + between;
    let j = (y >> 1) * coarse.stride + between;
    for (; i < last; i += 2, j++) u[i] = keep * u[i]! + weight * (v[j]! + v[j + step]!);
    if (i === last) u[i] = keep * u[i]! + (between ? weight : columns.lastWeight) * (v[j]! + v[j + step]!);
  }
}
