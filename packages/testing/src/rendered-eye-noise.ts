/** A repeatable stream of numbers in [0, 1). */
export interface Random {
  next(): number;
  /** Uniform in [low, high). */
  between(low: number, high: number): number;
  /** Gaussian, mean 0, deviation 1. */
  normal(): number;
}

/**
 * A stream for one part of one picture. Streams of different parts are independent, so switching one part off
 * (the lights, say) changes nothing in the others. Hash: FNV-1a; generator: mulberry32 (T. Ettinger, public domain).
 */
export function seededRandom(seed: number, part: string): Random {
  let state = (seed ^ 0x811c9dc5) >>> 0;
  for (const character of part) state = Math.imul(state ^ character.charCodeAt(0), 0x01000193) >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
  return {
    next,
    between: (low, high) => low + (high - low) * next(),
    normal: () => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next()),
  };
}

/** Side of a noise tile. A power of two, so that wrapping is a mask. */
export const tileSide = 512;
const wrap = tileSide - 1;

/** A square of noise that repeats without a seam; mean 0, deviation 1. */
export type Tile = Float32Array;

/** Value at (x, y) in tile pixels, linear in between, repeating for ever. */
export function sampleTile(tile: Tile, x: number, y: number): number {
  const x0 = Math.floor(x);
  const y0 = Math.floor(y);
  const fx = x - x0;
  const fy = y - y0;
  const left = x0 & wrap;
  const right = (x0 + 1) & wrap;
  const top = (y0 & wrap) * tileSide;
  const bottom = ((y0 + 1) & wrap) * tileSide;
  const a = tile[top + left] + (tile[top + right] - tile[top + left]) * fx;
  const b = tile[bottom + left] + (tile[bottom + right] - tile[bottom + left]) * fx;
  return a + (b - a) * fy;
}

/**
 * Fractal noise: octaves of value noise from `first` cells across upwards, each `gain` times as strong as the last.
 * A small gain gives clouds, a large one gives grit.
 */
function fractalTile(random: Random, first: number, gain: number): Tile {
  const tile = new Float32Array(tileSide * tileSide);
  let strength = 1;
  for (let cells = first; cells <= tileSide; cells *= 2, strength *= gain) addOctave(tile, random, cells, strength);
  return normalised(tile);
}

function addOctave(tile: Tile, random: Random, cells: number, strength: number): void {
  const grid = Float32Array.from({ length: cells * cells }, () => random.normal());
  const step = cells / tileSide;
  for (let y = 0; y < tileSide; y++) {
    const gy = Math.floor(y * step);
    const fy = eased(y * step - gy);
    const top = gy * cells;
    const bottom = ((gy + 1) % cells) * cells;
    for (let x = 0; x < tileSide; x++) {
      const gx = Math.floor(x * step);
      const fx = eased(x * step - gx);
      const right = (gx + 1) % cells;
      const a = grid[top + gx] + (grid[top + right] - grid[top + gx]) * fx;
      const b = grid[bottom + gx] + (grid[bottom + right] - grid[bottom + gx]) * fx;
      tile[y * tileSide + x] += strength * (a + (b - a) * fy);
    }
  }
}

/**
 * The relief of skin: small plates between fine furrows. Worley's cellular noise (1996): distance to the second nearest
 * of scattered points minus distance to the nearest, so that furrows are low.
 */
function plateTile(random: Random, cells: number): Tile {
  const points = Float32Array.from({ length: cells * cells * 2 }, () => random.next());
  const tile = new Float32Array(tileSide * tileSide);
  const step = cells / tileSide;
  for (let y = 0; y < tileSide; y++) {
    for (let x = 0; x < tileSide; x++) {
      const gx = Math.floor(x * step);
      const gy = Math.floor(y * step);
      let nearest = 9;
      let second = 9;
      for (let j = gy - 1; j <= gy + 1; j++) {
        for (let i = gx - 1; i <= gx + 1; i++) {
          const p = (((j + cells) % cells) * cells + ((i + cells) % cells)) * 2;
          const distance = Math.hypot(i + points[p] - x * step, j + points[p + 1] - y * step);
          if (distance < nearest) {
            second = nearest;
            nearest = distance;
          } else if (distance < second) second = distance;
        }
      }
      tile[y * tileSide + x] = Math.min(0.6, second - nearest);
    }
  }
  return normalised(tile);
}

function normalised(tile: Tile): Tile {
  let sum = 0;
  let squares = 0;
  for (const value of tile) {
    sum += value;
    squares += value * value;
  }
  const mean = sum / tile.length;
  const deviation = Math.sqrt(squares / tile.length - mean * mean);
  return tile.map((value) => (value - mean) / deviation);
}

function eased(t: number): number {
  return t * t * (3 - 2 * t);
}

/** 0 below `low`, 1 above `high`, smooth in between. `low` may be the larger one. */
export function smoothstep(low: number, high: number, value: number): number {
  const t = Math.min(1, Math.max(0, (value - low) / (high - low)));
  return eased(t);
}

/** Tiles that every eye shares; making them takes longer than painting a small picture. */
interface TileBank {
  readonly smooth: Tile;
  readonly clouds: Tile;
  readonly grit: Tile;
  readonly plates: Tile;
}

let bank: TileBank | undefined;

/** A tile of the bank, moved by a random way so that each eye sees another part of it first. */
export function pickTile(random: Random, kind: keyof TileBank): Tile {
  bank ??= makeBank(seededRandom(1, 'tiles'));
  const tile = bank[kind];
  const dx = Math.floor(random.between(0, tileSide));
  const dy = Math.floor(random.between(0, tileSide));
  const moved = new Float32Array(tile.length);
  for (let y = 0; y < tileSide; y++) {
    const row = ((y + dy) & wrap) * tileSide;
    moved.set(tile.subarray(row + dx, row + tileSide), y * tileSide);
    moved.set(tile.subarray(row, row + dx), (y + 1) * tileSide - dx);
  }
  return moved;
}

function makeBank(random: Random): TileBank {
  return {
    smooth: fractalTile(random, 4, 0.5),
    clouds: fractalTile(random, 4, 0.55),
    grit: fractalTile(random, 64, 0.85),
    plates: plateTile(random, 64),
  };
}
