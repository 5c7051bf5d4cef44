import type { Random } from '../random.ts';
import { clamp, fade, length, smooth } from './arithmetic.ts';
import { type Canvas, type Colour, disc, edge, flat, lay, set } from './canvas.ts';
import { paintBackground } from './surfaces.ts';

const lamps: readonly Colour[] = [
  [1, 0.16, 0.1],
  [1, 0.72, 0.1],
  [0.15, 0.95, 0.5],
];

/** A traffic light, near or filling the picture: lamps with their visors, one or two of them lit. */
export function drawTrafficLight(canvas: Canvas, random: Random): void {
  paintBackground(canvas, random, ['outOfFocus', 'wall', 'outOfFocus']);
  const radius = random.pick([0.11, 0.12, 0.25, 0.33]);
  const cu = random.between(-0.15, 0.15);
  const cv = radius > 0.2 ? random.between(-0.3, 0.3) : random.between(-0.03, 0.03);
  const lit = random.whole(0, 2);
  const housing: Colour = random.pick<Colour>([
    [0.1, 0.11, 0.1],
    [0.75, 0.6, 0.1],
    [0.12, 0.2, 0.15],
  ]);
  const step = radius * 2.5;
  const shift = radius > 0.2 ? random.whole(-1, 1) : 0;
  lay(
    canvas,
    (u, _v, out) => {
      const tone = 1 - 0.5 * Math.abs((u - cu) / (1.4 * radius)) * ((u - cu) / (1.4 * radius)) + (u < cu ? 0.15 : 0);
      set(out, housing[0] * tone, housing[1] * tone, housing[2] * tone);
    },
    (u, v) => edge(Math.max(Math.abs(u - cu) - 1.3 * radius, Math.abs(v - cv - shift * step) - 1.6 * step)),
  );
  for (let i = 0; i < 3; i++)
    lamp(canvas, random, { cu, cv: cv + (i - 1 + shift) * step, radius, colour: lamps[i], on: i === lit });
}

function lamp(
  canvas: Canvas,
  random: Random,
  o: {
    readonly cu: number;
    readonly cv: number;
    readonly radius: number;
    readonly colour: Colour;
    readonly on: boolean;
  },
): void {
  const { cu, cv, radius, colour, on } = o;
  disc(canvas, cu, cv, radius * 1.12, flat([0.03, 0.03, 0.03]));
  const dots = random.chance(0.5);
  disc(canvas, cu, cv, radius, (pu, pv, out) => {
    const [u, v] = [(pu - cu) / radius, (pv - cv) / radius];
    const r = length(u, v);
    const grid = 0.16;
    const [a, b] = [u / grid - Math.floor(u / grid) - 0.5, v / grid - Math.floor(v / grid) - 0.5];
    const lens = dots ? smooth(0.5, 0.2, length(a, b)) : 0.75 + 0.25 * Math.abs(a + b);
    const glow = on ? (0.65 + 0.6 * fade(2 * r * r)) * (0.55 + 0.45 * lens) : 0.2 * (0.6 + 0.4 * lens) * (1 - 0.4 * v);
    const white = on ? 0.45 * fade(5 * r * r) * lens : 0;
    for (let c = 0; c < 3; c++) out[c] = clamp(colour[c] * glow + white);
    const visor = smooth(-0.25, -0.4, v - 0.55 * Math.sqrt(Math.max(0, 1 - u * u)) + 0.42);
    for (let c = 0; c < 3; c++) out[c] *= 1 - 0.8 * visor;
  });
  if (!on) return;
  lay(
    canvas,
    (_u, _v, out) => {
      for (let c = 0; c < 3; c++) out[c] = clamp(out[c] + 0.6 * colour[c]);
    },
    (u, v) => 0.5 * fade((2.4 * length(u - cu, v - cv)) / radius),
    { u: cu, v: cv, reach: 4 * radius },
  );
}
