import type { Random } from '../random.ts';
import { angleOf, fade, length, sine, smooth, turn } from './arithmetic.ts';
import { type Canvas, disc, set, shadow } from './canvas.ts';
import { clouds, grit } from './noise.ts';
import { brightColour, highlight, paintBackground } from './surfaces.ts';

/** The front of a camera lens, or a camera with it: ridged barrel, printed ring, coated glass in glass, reflections. */
export function drawLens(canvas: Canvas, random: Random): void {
  paintBackground(canvas, random, ['wood', 'wall', 'cloth', 'outOfFocus']);
  const [cu, cv] = [random.between(-0.12, 0.12), random.between(-0.08, 0.08)];
  const radius = random.between(0.28, 0.44);
  const glass = random.between(0.55, 0.72);
  const stop = random.between(0.25, 0.45);
  const blades = random.whole(5, 9);
  const coating = brightColour(random);
  const second = brightColour(random);
  const marks = random.whole(20, 34);
  const x = random.between(0, 500);
  const body = random.pick([0.08, 0.12, 0.5]);
  shadow(canvas, cu + 0.03, cv + 0.05, radius * 1.06);
  disc(canvas, cu, cv, radius, (pu, pv, out) => {
    const [u, v] = [(pu - cu) / radius, (pv - cv) / radius];
    const r = length(u, v);
    const angle = angleOf(u, v);
    const side = 0.5 - 0.5 * sine(angle + 0.9);
    if (r > 0.92) return grey(out, body * (0.8 + 0.6 * (sine(angle * 90) > 0 ? 1 : 0.3)) * (0.6 + side));
    if (r > glass) {
      const step = 0.5 + 0.5 * sine((r - glass) * 160);
      const tone = 0.05 + 0.03 * step + 0.09 * side * fade(Math.abs(r - 0.9) * 30) + 0.01 * grit(u * 200, v * 200);
      const cell = (angle / turn) * marks;
      const print =
        Math.abs(r - (glass + 0.92) / 2) < 0.035 && clouds(Math.floor(cell) * 31 + x, (cell % 1) * 11 + r * 90) > 0.08;
      return grey(out, print && sine(angle * 1.5 + x) > -0.3 ? 0.75 : tone);
    }
    const g = r / glass;
    const polygon = g / (0.93 + 0.07 * sine(angle * blades));
    const dark = polygon < stop ? 0.015 : 0.05 + 0.06 * smooth(0.55, 1, g);
    const rings = 0.03 * smooth(0.85, 1, sine(g * 26)) * (1 - g);
    const sheen = 0.5 * smooth(0.1, 0.9, side) * smooth(0.2, 0.9, g) * smooth(1, 0.93, g);
    const other = 0.35 * smooth(0.5, 1, 1 - side) * smooth(0.75, 0.5, g) * smooth(stop, stop + 0.2, g);
    for (let c = 0; c < 3; c++) out[c] = dark + rings + 0.5 * sheen * coating[c] + other * second[c] * 0.5;
  });
  const square = random.chance(0.5);
  highlight(canvas, cu - 0.22 * radius, cv - 0.25 * radius, 0.13 * radius, square, 0.85);
  if (random.chance(0.7)) highlight(canvas, cu + 0.15 * radius, cv + 0.2 * radius, 0.06 * radius, false, 0.5);
}

function grey(out: number[], tone: number): void {
  set(out, tone, tone, tone * 1.02);
}
