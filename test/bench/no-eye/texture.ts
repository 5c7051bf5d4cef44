import type { Random } from '../random.ts';
import { fade, length, mix, sine, smooth } from './arithmetic.ts';
import { type Canvas, lay, set } from './canvas.ts';
import { cellValue, clouds, grit } from './noise.ts';
import { brightColour, paintBackground } from './surfaces.ts';

/** Surfaces that fill the picture: bricks, tiles, gravel, leaves, knitting, honeycomb, a wooden board with a knot. */
export function drawTexture(canvas: Canvas, random: Random): void {
  const way = random.pick(Object.keys(ways) as (keyof typeof ways)[]);
  ways[way](canvas, random);
}

const ways: Record<
  'bricks' | 'tiles' | 'gravel' | 'leaves' | 'knitting' | 'honeycomb' | 'knot' | 'peel',
  (canvas: Canvas, random: Random) => void
> = {
  bricks: (canvas, random) =>
    wallOf(canvas, random, { wide: random.between(0.16, 0.3), ratio: 2.6, shift: 0.5, rough: 0.3 }),
  tiles: (canvas, random) =>
    wallOf(canvas, random, { wide: random.between(0.12, 0.3), ratio: 1, shift: 0, rough: 0.04 }),
  gravel: (canvas, random) => cells(canvas, random, { size: random.between(0.04, 0.12), round: true }),
  leaves: (canvas, random) => cells(canvas, random, { size: random.between(0.12, 0.25), round: false }),
  knitting: (canvas, random) => {
    const colour = brightColour(random);
    const size = random.between(0.025, 0.06);
    lay(canvas, (u, v, out) => {
      const column = u / size - Math.floor(u / size) - 0.5;
      const row = v / size + 1.6 * Math.abs(column);
      const loop = row - Math.floor(row) - 0.5;
      const tone =
        0.45 +
        0.6 * smooth(0.5, 0.1, Math.abs(loop)) * smooth(0, 0.12, Math.abs(column)) +
        0.1 * grit(u * 240, v * 240);
      set(out, colour[0] * tone, colour[1] * tone, colour[2] * tone);
    });
  },
  honeycomb: (canvas, random) => {
    const size = random.between(0.07, 0.14);
    lay(canvas, (u, v, out) => {
      const [r, i, j] = nearestHexagon(u / size, v / size);
      const honey = 0.35 + 0.5 * cellValue(i, j);
      const wallShare = smooth(0.4, 0.46, r);
      const tone =
        mix(honey * (1 - 0.8 * r), 0.85, wallShare) +
        0.25 * fade(((r - 0.25) / 0.08) * ((r - 0.25) / 0.08)) * (u + v < 0.2 ? 1 : 0.2);
      set(out, 0.95 * tone, 0.65 * tone, 0.2 * tone);
    });
  },
  knot: (canvas, random) => {
    paintBackground(canvas, random, ['wood']);
    const [ku, kv, size] = [random.between(-0.2, 0.2), random.between(-0.15, 0.15), random.between(0.08, 0.2)];
    const x = random.between(0, 500);
    lay(
      canvas,
      (u, v, out) => {
        const r = length((u - ku) * 0.8, v - kv) / size + 0.12 * clouds(u * 40 + x, v * 40);
        const ring = 0.5 + 0.5 * sine(r * 22 + 2 * clouds(u * 50, v * 50 + x));
        const tone = mix(0.2 + 0.16 * ring, 0.62 + 0.1 * ring, smooth(0.35, 1.1, r));
        set(out, tone, tone * 0.66, tone * 0.42);
      },
      (u, v) => smooth(2.2, 1, length((u - ku) * 0.5, v - kv) / size),
    );
  },
  peel: (canvas, random) => {
    const colour = brightColour(random);
    const x = random.between(0, 500);
    lay(canvas, (u, v, out) => {
      const tone =
        0.8 + 0.35 * grit(u * 80 + x, v * 80) * smooth(0.5, 0, length(u, v)) + 0.12 * clouds(u * 30 + x, v * 30);
      set(out, colour[0] * tone, colour[1] * tone, colour[2] * tone);
    });
  },
};

function wallOf(
  canvas: Canvas,
  random: Random,
  o: { readonly wide: number; readonly ratio: number; readonly shift: number; readonly rough: number },
): void {
  const colour = brightColour(random);
  const high = o.wide / o.ratio;
  const joint = random.between(0.03, 0.07);
  lay(canvas, (u, v, out) => {
    const j = Math.floor(v / high);
    const across = u / o.wide + o.shift * (j & 1);
    const i = Math.floor(across);
    const border = Math.min(0.5 - Math.abs(across - i - 0.5), (0.5 - Math.abs(v / high - j - 0.5)) / o.ratio);
    const own = 0.75 + 0.35 * cellValue(i, j);
    const tone = own * (1 + o.rough * grit(u * 150, v * 150) + 0.1 * clouds(u * 40, v * 40));
    const stone = smooth(joint * 0.6, joint, border);
    for (let c = 0; c < 3; c++) out[c] = mix(0.62 + 0.1 * grit(u * 200, v * 200), colour[c] * tone, stone);
  });
}

/** Stones or leaves: each point belongs to the nearest of scattered middles. */
function cells(
  canvas: Canvas,
  random: Random,
  { size, round }: { readonly size: number; readonly round: boolean },
): void {
  const base = round ? ([0.62, 0.58, 0.53] as const) : ([0.28, 0.42, 0.16] as const);
  const lively = brightColour(random);
  lay(canvas, (u, v, out) => {
    const [x, y] = [u / size + 40, v / size + 40];
    let [nearest, second, which, dx, dy] = [9, 9, 0, 0, 0];
    for (let j = Math.floor(y) - 1; j <= Math.floor(y) + 1; j++) {
      for (let i = Math.floor(x) - 1; i <= Math.floor(x) + 1; i++) {
        const [a, b] = [x - i - cellValue(i, j, 1), y - j - cellValue(i, j, 2)];
        const away = length(a, b);
        if (away < nearest) [second, nearest, which, dx, dy] = [nearest, away, cellValue(i, j, 3), a, b];
        else if (away < second) second = away;
      }
    }
    const border = smooth(0, 0.18, second - nearest);
    const rib = round ? 1 : 1 + 0.35 * fade(Math.abs(dx * (which - 0.5) * 3 + dy) * 22);
    const tone =
      (0.55 + 0.65 * which) * (0.3 + 0.7 * border) * (1.05 - 0.35 * (dx + dy)) * rib + 0.06 * grit(u * 200, v * 200);
    for (let c = 0; c < 3; c++) out[c] = mix(base[c], lively[c], 0.35 * which) * tone;
  });
}

/** Distance from the middle of the hexagon that a point is in, 0 to 0.58, and its numbers. */
function nearestHexagon(x: number, y: number): readonly [number, number, number] {
  const high = 1.7320508;
  const [i1, j1] = [Math.floor(x + 0.5), Math.floor(y / high + 0.5)];
  const [i2, j2] = [Math.floor(x) + 0.5, Math.floor(y / high) + 0.5];
  const r1 = length(x - i1, y - j1 * high);
  const r2 = length(x - i2, y - j2 * high);
  return r1 < r2 ? [r1, i1 * 2, j1 * 2] : [r2, i2 * 2, j2 * 2];
}
