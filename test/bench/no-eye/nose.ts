import type { Random } from '../random.ts';
import { cosine, fade, length, sine, smooth } from './arithmetic.ts';
import { type Canvas, type Colour, edge, lay, set, stroke } from './canvas.ts';
import { clouds, grit } from './noise.ts';
import { highlight } from './surfaces.ts';

const furs: readonly Colour[] = [
  [0.72, 0.5, 0.28],
  [0.5, 0.36, 0.25],
  [0.88, 0.84, 0.78],
  [0.22, 0.2, 0.2],
  [0.55, 0.53, 0.5],
];

/** The nose of a dog, a cat or a cow, close: wet leather with two nostrils, fur around it, whiskers. */
export function drawNose(canvas: Canvas, random: Random): void {
  const fur = random.pick(furs);
  const [cu, cv] = [random.between(-0.1, 0.1), random.between(-0.1, 0.05)];
  const x = random.between(0, 500);
  lay(canvas, (u, v, out) => {
    const away = length(u - cu, v - cv) + 0.001;
    const [du, dv] = [(u - cu) / away, (v - cv) / away];
    const hair = grit(away * 40 + x, (du + 2) * 130 + (dv + 2) * 60 + 20 * clouds(u * 30 + x, v * 30));
    const tone = 0.78 + 0.3 * hair + 0.15 * clouds(u * 26, v * 26 + x) - 0.25 * v - 0.3 * fade(away * 5);
    set(out, fur[0] * tone, fur[1] * tone, fur[2] * tone);
  });
  const size = random.between(0.2, 0.36);
  const leather = random.pick<Colour>([
    [0.1, 0.09, 0.09],
    [0.3, 0.18, 0.15],
    [0.8, 0.52, 0.48],
  ]);
  leatherOf(canvas, { cu, cv, size, leather, x });
  for (const side of [-1, 1])
    nostril(canvas, cu + side * 0.42 * size, cv + 0.1 * size, size * random.between(0.16, 0.24), side);
  stroke(
    canvas,
    [
      [cu, cv + 0.25 * size],
      [cu, cv + 1.3 * size],
    ],
    () => 0.012,
    (_u, _v, out) => {
      for (let c = 0; c < 3; c++) out[c] *= 0.25;
    },
    0.01,
  );
  highlight(canvas, cu - 0.25 * size, cv - 0.45 * size, 0.13 * size, false, 0.75);
  highlight(canvas, cu + 0.35 * size, cv - 0.42 * size, 0.09 * size, false, 0.6);
  for (let i = random.whole(0, 10); i > 0; i--) whisker(canvas, random, cu, cv + 0.5 * size, size);
}

function leatherOf(
  canvas: Canvas,
  o: { readonly cu: number; readonly cv: number; readonly size: number; readonly leather: Colour; readonly x: number },
): void {
  const { cu, cv, size, leather, x } = o;
  lay(
    canvas,
    (pu, pv, out) => {
      const [u, v] = [(pu - cu) / size, (pv - cv) / size];
      const bumps = grit(u * 42 + x, v * 42);
      const light = 0.75 - 0.55 * v + 0.28 * bumps - 0.2 * u * u;
      const gloss = 0.28 * smooth(0.25, 0.6, bumps) * smooth(0.4, -0.6, v);
      for (let c = 0; c < 3; c++) out[c] = leather[c] * light + gloss;
    },
    (pu, pv) => {
      const [u, v] = [(pu - cu) / size, (pv - cv) / size];
      const half = v < 0 ? 1 : 1 - 0.5 * v;
      return edge((length(u / half, v / 0.75) - 1 + 0.04 * clouds(u * 40 + x, v * 40)) * size, 0.02);
    },
    { u: cu, v: cv, reach: 1.2 * size },
  );
}

function nostril(canvas: Canvas, u: number, v: number, size: number, side: number): void {
  lay(
    canvas,
    (_u, _v, out) => {
      for (let c = 0; c < 3; c++) out[c] = 0.015;
    },
    (pu, pv) => {
      const [a, b] = [(side * (pu - u)) / size, (pv - v) / size];
      const bent = b - 0.5 * a * a + 0.1;
      return edge((length(a * 0.8, bent * (a > 0 ? 1.7 : 1)) - 1) * size, 0.012);
    },
    { u, v, reach: 2.4 * size },
  );
}

function whisker(canvas: Canvas, random: Random, cu: number, cv: number, size: number): void {
  const side = random.pick([-1, 1]);
  const heading = random.between(-0.5, 0.5);
  const [u, v] = [cu + side * random.between(0.4, 1) * size, cv + random.between(-0.1, 0.3) * size];
  const points = Array.from({ length: 8 }, (_, i): [number, number] => {
    const t = (0.6 * i) / 7;
    return [u + side * t * cosine(heading), v + t * sine(heading) + 0.3 * t * t];
  });
  stroke(
    canvas,
    points,
    (along) => 0.005 * (1.1 - along),
    (_u, _v, out) => set(out, 0.93, 0.92, 0.9),
  );
}
