import type { Random } from '../random.ts';
import { length, mix, sine } from './arithmetic.ts';
import { type Canvas, type Colour, lay, set } from './canvas.ts';
import { clouds, grit } from './noise.ts';
import { brightColour } from './surfaces.ts';

/** Noise and patterns without a thing in them: static, blots, stripes, plasma, even colour, rows of a bad signal. */
export function drawPattern(canvas: Canvas, random: Random): void {
  const [a, b] = [brightColour(random), brightColour(random)];
  const x = random.between(0, 500);
  const scale = random.between(15, 220);
  const way = random.pick([
    'static',
    'colour static',
    'blots',
    'stripes',
    'plasma',
    'even',
    'signal',
    'spots',
  ] as const);
  const depth = random.between(0.15, 0.5);
  lay(canvas, (u, v, out) => {
    switch (way) {
      case 'static':
        return set(out, ...grey(0.5 + random.between(-depth, depth)));
      case 'colour static':
        return set(out, random.between(0.2, 0.8), random.between(0.2, 0.8), random.between(0.2, 0.8));
      case 'blots':
        return blend(out, a, b, clouds(u * scale + x, v * scale) > 0 ? 1 : 0);
      case 'stripes':
        return blend(out, a, b, 0.5 + 0.5 * sine(scale * (u + 0.4 * v) + 2 * clouds(u * 20, v * 20 + x)));
      case 'plasma':
        return blend(out, a, b, 0.5 + 0.5 * sine(6 * clouds(u * 40 + x, v * 40) + 9 * length(u, v)));
      case 'even':
        return blend(out, a, a, 0);
      case 'signal':
        return blend(out, a, b, 0.5 + 0.5 * sine(v * 700) * clouds(Math.floor(v * 60) * 17 + x, u * scale));
      case 'spots':
        return blend(out, a, b, grit(u * scale * 2 + x, v * scale * 2) > 0.25 ? 1 : 0.1);
      default:
        way satisfies never;
    }
  });
}

function grey(tone: number): [number, number, number] {
  return [tone, tone, tone];
}

function blend(out: number[], a: Colour, b: Colour, share: number): void {
  for (let c = 0; c < 3; c++) out[c] = mix(a[c], b[c], share);
}
