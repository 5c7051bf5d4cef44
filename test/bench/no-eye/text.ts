import type { Random } from '../random.ts';
import { cosine, sine } from './arithmetic.ts';
import { type Canvas, type Colour, edge, flat, lay, set, stroke } from './canvas.ts';
import { clouds, grit } from './noise.ts';
import { brightColour, paintBackground } from './surfaces.ts';

/** Letters as strokes between the points of a 3 × 3 grid, numbered row by row from the upper left. */
const letters: readonly string[] = [
  '61 18 35',
  '06 01 14 34 45 58 87 67',
  '20 06 68',
  '06 01 15 57 76',
  '20 06 68 35',
  '06 02 35',
  '06 28 35',
  '17',
  '28 87 73',
  '06 23 38',
  '06 68',
  '60 04 42 28',
  '60 08 82',
  '02 28 86 60',
  '60 02 25 53',
  '60 02 25 53 48',
  '20 03 35 58 86',
  '02 17',
  '06 68 82',
  '07 72',
  '06 64 48 82',
  '08 26',
  '04 24 47',
  '02 26 68',
];

/** A page, a sign or a screen: lines of letters, straight or turned, dark on light or light on dark. */
export function drawText(canvas: Canvas, random: Random): void {
  const dark = random.chance(0.3);
  const paper: Colour = dark ? [0.07, 0.08, 0.1] : [random.between(0.85, 0.96), 0.92, random.between(0.8, 0.93)];
  const ink: Colour = dark
    ? brightColour(random)
    : random.pick<Colour>([
        [0.08, 0.08, 0.1],
        [0.1, 0.14, 0.4],
        [0.5, 0.1, 0.1],
      ]);
  const x = random.between(0, 500);
  const tilt = random.between(-0.35, 0.35);
  if (random.chance(0.4)) paintBackground(canvas, random, ['wood', 'cloth', 'wall']);
  const half = random.between(0.4, 0.9);
  const page = (u: number, v: number): readonly [number, number] => [
    u * cosine(tilt) + v * sine(tilt),
    v * cosine(tilt) - u * sine(tilt),
  ];
  lay(
    canvas,
    (u, v, out) => {
      const tone = 1 + 0.03 * grit(u * 260, v * 260 + x) + 0.06 * clouds(u * 24 + x, v * 24) - 0.1 * u;
      set(out, paper[0] * tone, paper[1] * tone, paper[2] * tone);
    },
    (u, v) => {
      const [a, b] = page(u, v);
      return Math.min(edge(Math.abs(a) - half), edge(Math.abs(b) - 0.8 * half));
    },
  );
  let size = random.between(0.025, 0.11);
  for (let v = -0.72 * half; v < 0.72 * half; v += size * 1.9) {
    const end = 0.9 * half * random.between(0.5, 1);
    for (let u = -0.9 * half; u < end; u += size * 0.95) {
      if (random.chance(0.16)) continue;
      letter(canvas, random.pick(letters), { u, v, size, tilt, ink, bold: size * 0.14 });
    }
    if (random.chance(0.1)) size = random.between(0.025, 0.09);
  }
}

function letter(
  canvas: Canvas,
  strokes: string,
  o: {
    readonly u: number;
    readonly v: number;
    readonly size: number;
    readonly tilt: number;
    readonly ink: Colour;
    readonly bold: number;
  },
): void {
  const at = (digit: string): [number, number] => {
    const n = Number(digit);
    const u = o.u + (n % 3) * 0.33 * o.size;
    const v = o.v + Math.floor(n / 3) * 0.55 * o.size;
    return [u * cosine(o.tilt) - v * sine(o.tilt), v * cosine(o.tilt) + u * sine(o.tilt)];
  };
  for (const [from, to] of strokes.split(' ')) stroke(canvas, [at(from), at(to)], () => o.bold, flat(o.ink));
}
