import type { Random } from '../random.ts';
import { angleOf, cosine, fade, length, mix, sine, smooth, turn } from './arithmetic.ts';
import { type Canvas, type Colour, disc, edge, lay, set } from './canvas.ts';
import { clouds, grit } from './noise.ts';
import { brightColour, paintBackground } from './surfaces.ts';

/** A flower from the front: one or two rows of petals around a disc of seeds, dark or yellow. */
export function drawFlower(canvas: Canvas, random: Random): void {
  paintBackground(canvas, random, ['outOfFocus']);
  const [cu, cv] = [random.between(-0.12, 0.12), random.between(-0.08, 0.08)];
  const radius = random.between(0.3, 0.48);
  const core = radius * random.between(0.22, 0.48);
  const count = random.whole(5, 26);
  const colour: Colour = random.chance(0.35) ? [0.95, 0.94, 0.92] : brightColour(random);
  const base: Colour = random.chance(0.4) ? brightColour(random) : colour;
  for (let row = 1; row >= 0; row--) {
    const start = random.between(0, turn);
    for (let i = 0; i < count; i++) {
      const heading = start + (turn * (i + random.between(-0.2, 0.2))) / count;
      const long = radius * random.between(0.85, 1) * (row === 1 ? 1 : 0.8);
      petal(canvas, {
        cu,
        cv,
        heading,
        long,
        wide: Math.min(0.5, 3.3 / count) * radius,
        colour,
        base,
        tone: random.between(0.78, 1.02) - 0.12 * row,
      });
    }
  }
  seeds(canvas, random, cu, cv, core);
}

interface Petal {
  readonly cu: number;
  readonly cv: number;
  readonly heading: number;
  readonly long: number;
  readonly wide: number;
  readonly colour: Colour;
  readonly base: Colour;
  readonly tone: number;
}

function petal(canvas: Canvas, { cu, cv, heading, long, wide, colour, base, tone }: Petal): void {
  const [c, s] = [cosine(heading), sine(heading)];
  const along = (u: number, v: number): number => ((u - cu) * c + (v - cv) * s) / long;
  const across = (u: number, v: number): number => ((v - cv) * c - (u - cu) * s) / wide;
  lay(
    canvas,
    (u, v, out) => {
      const [t, w] = [along(u, v), across(u, v)];
      const veins = 0.07 * sine(w * 38 + t * 4) + 0.05 * clouds(t * 60 + heading * 90, w * 40);
      const light = tone * (1 - 0.35 * w * w + veins - 0.35 * fade(t * 5));
      for (let i = 0; i < 3; i++) out[i] = mix(base[i], colour[i], smooth(0.2, 0.65, t)) * light;
    },
    (u, v) => {
      const t = along(u, v);
      if (t <= 0 || t >= 1) return 0;
      const half = Math.sqrt(t) * Math.sqrt(1 - t) * (0.6 + 0.8 * t);
      return edge((Math.abs(across(u, v)) - half) * wide, 0.005);
    },
    { u: cu, v: cv, reach: long * 1.02 },
  );
}

function seeds(canvas: Canvas, random: Random, cu: number, cv: number, radius: number): void {
  const colour = random.pick<Colour>([
    [0.85, 0.65, 0.1],
    [0.2, 0.12, 0.07],
    [0.1, 0.09, 0.1],
    [0.35, 0.4, 0.12],
  ]);
  const arms = random.whole(13, 34);
  disc(
    canvas,
    cu,
    cv,
    radius,
    (pu, pv, out) => {
      const [u, v] = [(pu - cu) / radius, (pv - cv) / radius];
      const r = length(u, v);
      const angle = angleOf(u, v);
      const spiral = sine(arms * angle + 18 * r) * sine(arms * angle - 26 * r);
      const tone =
        0.75 + 0.35 * spiral * r - 0.3 * (u + v) * 0.5 + 0.25 * grit(u * 60, v * 60) + 0.25 * smooth(0.6, 1, r);
      const eye = 0.55 + 0.45 * smooth(0, 0.35, r);
      set(out, colour[0] * tone * eye, colour[1] * tone * eye, colour[2] * tone * eye);
    },
    0.012,
  );
}
