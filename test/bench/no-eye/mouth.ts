import type { Random } from '../random.ts';
import { fade, mix, sine, smooth } from './arithmetic.ts';
import { type Canvas, type Colour, edge, lay, set } from './canvas.ts';
import { clouds, grit } from './noise.ts';
import { paintSkin, skinTones } from './surfaces.ts';

/** Lips, closed or open, with teeth or the dark between them. */
export function drawMouth(canvas: Canvas, random: Random): void {
  const tone = random.pick(skinTones);
  paintSkin(canvas, random, tone);
  const [cu, cv] = [random.between(-0.1, 0.1), random.between(-0.1, 0.1)];
  const half = random.between(0.25, 0.5);
  const open = random.pick([0, 0, 0.03, 0.09, 0.18, 0.26]) * (half / 0.4);
  const red = random.between(0.1, 0.45);
  const lip: Colour = [mix(tone[0], 0.75, red), mix(tone[1] * 0.7, 0.25, red), mix(tone[2] * 0.7, 0.3, red)];
  const [thin, thick] = [random.between(0.05, 0.09) * (half / 0.4), random.between(0.08, 0.13) * (half / 0.4)];
  const teeth = open > 0.05 && random.chance(0.7);
  const x = random.between(0, 500);
  const arch = (u: number): number => Math.max(0, 1 - ((u - cu) / half) * ((u - cu) / half));
  const smile = random.between(-0.06, 0.1);
  const line = (u: number): number => cv + smile * arch(u) + 0.008 * clouds(u * 50 + x, 7);
  const bow = (u: number): number => 1 - 0.28 * fade(((u - cu) / (0.09 * half)) * ((u - cu) / (0.09 * half)));
  const upperTop = (u: number): number => line(u) - (0.35 * open + thin * bow(u)) * Math.sqrt(arch(u));
  const upperIn = (u: number): number => line(u) - 0.35 * open * arch(u);
  const lowerIn = (u: number): number => line(u) + 0.65 * open * arch(u) + 0.002;
  const lowerEnd = (u: number): number => line(u) + (0.65 * open + thick) * arch(u);
  lay(
    canvas,
    (u, v, out) => {
      const above = v < line(u);
      const depth = above ? (v - upperTop(u)) / thin : (lowerEnd(u) - v) / thick;
      const crease = 0.12 * grit(u * 130 + 20 * (u - cu) * depth + x, v * 24);
      const round = above ? 0.72 + 0.3 * (1 - depth) : 0.72 + 0.42 * fade((depth - 0.5) * (depth - 0.5) * 9);
      const gloss = above
        ? 0
        : 0.3 * smooth(0.35, 0.55, clouds(u * 30 + x, v * 60)) * fade((depth - 0.55) * (depth - 0.55) * 40);
      for (let c = 0; c < 3; c++) out[c] = lip[c] * round * (1 + crease) + gloss;
    },
    (u, v) => (arch(u) > 0 ? Math.min(edge(upperTop(u) - v, 0.008), edge(v - lowerEnd(u), 0.008)) : 0),
  );
  lay(
    canvas,
    (u, v, out) => {
      set(out, 0.14, 0.04, 0.04);
      if (!teeth) return;
      const across = (u - cu) / (0.13 * half);
      const gap = smooth(0, 0.1, 0.5 - Math.abs(across - Math.floor(across) - 0.5));
      const bottom = upperIn(u) + Math.min(0.12 * half * 1.6, 0.55 * open) * (0.85 + 0.15 * sine(across * 6.28));
      if (v < bottom)
        set(
          out,
          0.9 * (0.5 + 0.5 * gap) * arch(u),
          0.87 * (0.5 + 0.5 * gap) * arch(u),
          0.8 * (0.5 + 0.5 * gap) * arch(u),
        );
      else if (v > lowerIn(u) - 0.4 * open) set(out, 0.55, 0.22, 0.22);
    },
    (u, v) => (arch(u) > 0 ? Math.min(edge(upperIn(u) - v, 0.006), edge(v - lowerIn(u), 0.006)) : 0),
  );
}
