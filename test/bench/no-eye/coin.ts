import type { Random } from '../random.ts';
import { angleOf, fade, length, sine, smooth, turn } from './arithmetic.ts';
import { type Canvas, type Colour, disc, set, shadow } from './canvas.ts';
import { clouds, grit } from './noise.ts';
import { paintBackground, relief } from './surfaces.ts';

const metals: readonly Colour[] = [
  [0.86, 0.71, 0.38],
  [0.74, 0.74, 0.73],
  [0.72, 0.43, 0.27],
];

/** One to three coins: rim, beads, letters around a portrait or a number; some of two metals. */
export function drawCoin(canvas: Canvas, random: Random): void {
  paintBackground(canvas, random, ['wood', 'cloth', 'marble', 'wall']);
  const count = random.pick([1, 1, 1, 2, 3]);
  for (let i = 0; i < count; i++) {
    const radius = random.between(0.2, 0.4) / (count > 1 ? 1.7 : 1);
    const u = count > 1 ? -0.35 + (0.7 * i) / (count - 1) : random.between(-0.1, 0.1);
    coin(canvas, random, u, random.between(-0.1, 0.1), radius);
  }
}

function coin(canvas: Canvas, random: Random, cu: number, cv: number, radius: number): void {
  const metal = random.pick(metals);
  const core = random.chance(0.35) ? random.pick(metals) : metal;
  const coreSize = random.between(0.6, 0.75);
  const letters = random.whole(14, 26);
  const [x, y] = [random.between(0, 500), random.between(0, 500)];
  const lightAngle = random.between(0, turn);
  const height = (u: number, v: number): number => {
    const r = length(u, v);
    const angle = angleOf(u, v);
    const rim = smooth(0.9, 0.94, r) * 0.06;
    const beads = 0.02 * smooth(0.2, 0.9, sine(angle * 60)) * band(r, 0.86, 0.025);
    const cell = (angle / turn) * letters;
    const glyph = smooth(-0.1, 0.25, clouds(Math.floor(cell) * 37 + (cell - Math.floor(cell)) * 9 + x, r * 60 + y));
    const text = 0.025 * glyph * band(r, 0.76, 0.06) * smooth(-0.5, -0.2, sine(angle + x));
    const seam = core === metal ? 0 : -0.02 * band(r, coreSize, 0.012);
    const head = smooth(
      0.03,
      -0.03,
      length((u + 0.04) / 0.34, (v + 0.1) / 0.42) - 1 + 0.22 * clouds(u * 14 + x, v * 14),
    );
    const bust = smooth(0.03, -0.03, length(u / 0.5, (v - 0.62) / 0.4) - 1) * smooth(0.7, 0.66, r);
    const figure = Math.max(head, bust);
    return rim + beads + text + seam + figure * (0.045 + 0.02 * clouds(u * 40 + y, v * 40));
  };
  shadow(canvas, cu + 0.03, cv + 0.04, radius * 1.02);
  disc(canvas, cu, cv, radius, (pu, pv, out) => {
    const [u, v] = [(pu - cu) / radius, (pv - cv) / radius];
    const r = length(u, v);
    const colour = r < coreSize ? core : metal;
    const shine = 0.5 + 0.5 * sine(2 * angleOf(u, v) + lightAngle);
    const wear = 0.04 * grit(u * 130 + x, v * 130) + 0.05 * clouds(u * 30, v * 30 + y);
    const tone = (0.62 + 0.28 * shine * (0.4 + r) + wear) * (0.35 + 0.65 * relief(height, u, v, 0.008));
    const glint = 0.35 * fade(30 * (1 - shine)) * r;
    set(out, colour[0] * tone + glint, colour[1] * tone + glint, colour[2] * tone + glint);
  });
}

function band(value: number, middle: number, half: number): number {
  return smooth(half, 0.7 * half, Math.abs(value - middle));
}
