import { randomOf } from '../random.ts';

const side = 512;
const wrap = side - 1;
type Tile = Float32Array;

/** Octaves of value noise from `first` cells across upwards, each `gain` times as strong as the last; mean 0, within ±1. */
function makeTile(name: string, first: number, gain: number): Tile {
  const random = randomOf(name);
  const tile = new Float32Array(side * side);
  let strength = 1;
  let total = 0;
  for (let cells = first; cells <= side; cells *= 2, strength *= gain) {
    total += strength;
    const grid = Float32Array.from({ length: cells * cells }, () => random.between(-1, 1));
    for (let y = 0; y < side; y++) {
      for (let x = 0; x < side; x++) tile[y * side + x] += strength * between(grid, cells, x, y);
    }
  }
  return tile.map((value) => (1.6 * value) / total);
}

/** The grid's value at a place of the tile, eased between its points. */
function between(grid: Float32Array, cells: number, x: number, y: number): number {
  const gx = (x * cells) / side;
  const gy = (y * cells) / side;
  const x0 = Math.floor(gx);
  const y0 = Math.floor(gy);
  const fx = ease(gx - x0);
  const fy = ease(gy - y0);
  const right = (x0 + 1) % cells;
  const below = ((y0 + 1) % cells) * cells;
  const top = grid[y0 * cells + x0] + (grid[y0 * cells + right] - grid[y0 * cells + x0]) * fx;
  const bottom = grid[below + x0] + (grid[below + right] - grid[below + x0]) * fx;
  return top + (bottom - top) * fy;
}

function ease(t: number): number {
  return t * t * (3 - 2 * t);
}

const tiles: { clouds?: Tile; grit?: Tile } = {};

/** Soft noise of all sizes, about -1 to 1, repeating every 512 units. */
export function clouds(x: number, y: number): number {
  tiles.clouds ??= makeTile('clouds', 4, 0.55);
  return sample(tiles.clouds, x, y);
}

/** Fine noise, about -1 to 1, repeating every 512 units; its smallest grains are a unit wide. */
export function grit(x: number, y: number): number {
  tiles.grit ??= makeTile('grit', 64, 0.85);
  return sample(tiles.grit, x, y);
}

function sample(tile: Tile, x: number, y: number): number {
  const x0 = Math.floor(x);
  const y0 = Math.floor(y);
  const fx = x - x0;
  const fy = y - y0;
  const left = x0 & wrap;
  const right = (x0 + 1) & wrap;
  const top = (y0 & wrap) * side;
  const below = ((y0 + 1) & wrap) * side;
  const a = tile[top + left] + (tile[top + right] - tile[top + left]) * fx;
  const b = tile[below + left] + (tile[below + right] - tile[below + left]) * fx;
  return a + (b - a) * fy;
}

/** A fixed value in [0, 1) for a cell of a grid. */
export function cellValue(i: number, j: number, which = 0): number {
  let t = (Math.imul(i, 0x9e3779b1) ^ Math.imul(j, 0x85ebca77) ^ Math.imul(which + 1, 0xc2b2ae3d)) >>> 0;
  t = Math.imul(t ^ (t >>> 15), 0x2c1b3c6d) >>> 0;
  t = Math.imul(t ^ (t >>> 12), 0x297a2d39) >>> 0;
  return ((t ^ (t >>> 15)) >>> 0) / 4294967296;
}
