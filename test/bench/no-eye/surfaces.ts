import type { Random } from '../random.ts';
import { fade, length, mix, sine, smooth } from './arithmetic.ts';
import { blur, type Canvas, type Colour, disc, flat, lay, set } from './canvas.ts';
import { cellValue, clouds, grit } from './noise.ts';

/** Skin from light to dark. */
export const skinTones: readonly Colour[] = [
  [0.93, 0.78, 0.7],
  [0.86, 0.69, 0.59],
  [0.78, 0.59, 0.47],
  [0.65, 0.47, 0.36],
  [0.48, 0.33, 0.25],
  [0.34, 0.23, 0.18],
];

/** How bright a relief is, lit from the upper left: 1 where it is even. `step` is the grain that is looked at. */
export function relief(height: (u: number, v: number) => number, u: number, v: number, step = 0.002): number {
  return 1 + (height(u + step, v + step) - height(u - step, v - step)) / (4 * step);
}

/** Skin with pores, plates and blotches, brighter towards one side. */
export function paintSkin(canvas: Canvas, random: Random, tone: Colour): void {
  const [x, y] = [random.between(0, 500), random.between(0, 500)];
  const scale = random.between(120, 260);
  const [lu, lv] = [random.between(-0.5, 0.5), random.between(-0.6, 0.1)];
  const depth = random.between(0.0006, 0.0014);
  const height = (u: number, v: number): number =>
    depth * grit(u * scale * 1.6 + x, v * scale + y) + 0.004 * clouds(u * 90 + y, v * 90 + x);
  lay(canvas, (u, v, out) => {
    const lit = (0.8 + 0.2 * relief(height, u, v)) * (1.08 - 0.35 * length(u - lu, v - lv));
    const blotch = 0.05 * clouds(u * 70 + x, v * 70 + y);
    const red = 0.05 * clouds(u * 40 + y, v * 40);
    set(
      out,
      tone[0] * lit * (1 + blotch + red),
      tone[1] * lit * (1 + blotch - red),
      tone[2] * lit * (1 + blotch - red),
    );
  });
}

type Background = (canvas: Canvas, random: Random) => void;

const wood: Background = (canvas, random) => {
  const [x, y] = [random.between(0, 500), random.between(0, 500)];
  const dark = random.between(0.35, 1);
  const plank = random.between(0.16, 0.4);
  lay(canvas, (u, v, out) => {
    const board = Math.floor(v / plank + 20);
    const shift = 97 * cellValue(board, 3);
    const fibre = clouds(u * 14 + x + shift, v * 260 + y) * 0.5 + grit(u * 20 + shift, v * 420) * 0.3;
    const rings = sine(v * 60 + 3 * clouds(u * 12 + shift, v * 50 + x) + shift);
    const gap = Math.abs(v / plank + 20 - board - 0.5) > 0.485 ? 0.45 : 1;
    const tone = dark * gap * (0.72 + 0.1 * fibre + 0.06 * rings + 0.12 * cellValue(board, 5));
    set(out, tone, tone * 0.72, tone * 0.46);
  });
};

const cloth: Background = (canvas, random) => {
  const colour = brightColour(random);
  const count = random.between(90, 160);
  const x = random.between(0, 500);
  lay(canvas, (u, v, out) => {
    const weave = sine(u * count * 6.28) * sine(v * count * 6.28);
    const fold = 0.13 * clouds(u * 22 + x, v * 30);
    const tone = 0.72 + 0.12 * weave + fold + 0.05 * grit(u * 300, v * 300);
    set(out, colour[0] * tone, colour[1] * tone, colour[2] * tone);
  });
};

const wall: Background = (canvas, random) => {
  const grey = random.between(0.35, 0.9);
  const tint = random.between(-0.05, 0.05);
  const x = random.between(0, 500);
  lay(canvas, (u, v, out) => {
    const tone = grey * (1 + 0.07 * clouds(u * 60 + x, v * 60) + 0.04 * grit(u * 260, v * 260 + x) - 0.2 * v);
    set(out, tone * (1 + tint), tone, tone * (1 - tint));
  });
};

const asphalt: Background = (canvas, random) => {
  const grey = random.between(0.25, 0.45);
  const x = random.between(0, 500);
  lay(canvas, (u, v, out) => {
    const tone = grey * (1 + 0.45 * grit(u * 200 + x, v * 200) + 0.15 * clouds(u * 30, v * 30 + x));
    set(out, tone, tone, tone * 1.03);
  });
};

/** Leaves or lights far out of focus. */
const outOfFocus: Background = (canvas, random) => {
  const base = random.pick<Colour>([
    [0.2, 0.36, 0.13],
    [0.12, 0.16, 0.24],
    [0.36, 0.26, 0.14],
    [0.42, 0.5, 0.58],
  ]);
  const x = random.between(0, 500);
  lay(canvas, (u, v, out) => {
    const tone = 1 + 0.5 * clouds(u * 26 + x, v * 26);
    set(out, base[0] * tone, base[1] * tone, base[2] * tone * 0.95);
  });
  for (let i = random.whole(6, 16); i > 0; i--) {
    const colour = brightColour(random);
    const [u, v, r] = [random.between(-0.8, 0.8), random.between(-0.6, 0.6), random.between(0.02, 0.09)];
    const strength = random.between(0.1, 0.5);
    disc(
      canvas,
      u,
      v,
      r,
      (_u, _v, out) => {
        for (let c = 0; c < 3; c++) out[c] = mix(out[c], colour[c], strength);
      },
      0.02,
    );
  }
  blur(canvas, 0.012);
};

const marble: Background = (canvas, random) => {
  const x = random.between(0, 500);
  const grey = random.between(0.7, 0.95);
  lay(canvas, (u, v, out) => {
    const vein = Math.abs(clouds(u * 40 + x, v * 40));
    const tone = grey * (1 - 0.35 * fade(vein * 18) + 0.04 * clouds(u * 90, v * 90 + x));
    set(out, tone, tone, tone * 0.98);
  });
};

const backgrounds = { wood, cloth, wall, asphalt, outOfFocus, marble };

/** Covers the picture with something that lies or stands behind things. */
export function paintBackground(canvas: Canvas, random: Random, of?: readonly (keyof typeof backgrounds)[]): void {
  backgrounds[random.pick(of ?? (Object.keys(backgrounds) as (keyof typeof backgrounds)[]))](canvas, random);
}

/** A colour of things, neither black nor white. */
export function brightColour(random: Random): Colour {
  const hue = random.between(0, 6);
  const strength = random.between(0.2, 0.85);
  const value = random.between(0.45, 0.95);
  const channel = (at: number): number => {
    const distance = Math.abs(((hue + at) % 6) - 3);
    return value * (1 - strength * (1 - smooth(0, 1, distance - 1)));
  };
  return [channel(0), channel(2), channel(4)];
}

/** A mirrored window or lamp: a soft white spot, square or round. */
export function highlight(canvas: Canvas, u: number, v: number, size: number, square: boolean, strength = 0.9): void {
  const inside = (x: number, y: number): number => {
    const a = Math.abs(x - u);
    const b = Math.abs(y - v);
    if (!square) return strength * smooth(size, 0.4 * size, length(a, b));
    const bar = Math.min(a, b) < 0.06 * size ? 0.25 : 1;
    return strength * bar * smooth(size, 0.85 * size, Math.max(a, 0.8 * b));
  };
  lay(canvas, flat([0.99, 0.99, 1]), inside, { u, v, reach: 1.3 * size });
}
