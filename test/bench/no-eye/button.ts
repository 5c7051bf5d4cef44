import type { Random } from '../random.ts';
import { angleOf, cosine, length, sine, smooth, turn } from './arithmetic.ts';
import { type Canvas, disc, flat, set, shadow, stroke } from './canvas.ts';
import { clouds } from './noise.ts';
import { brightColour, highlight, paintBackground, relief } from './surfaces.ts';

/** A sewn button of plastic, horn or mother-of-pearl, with two or four holes and thread; some are snaps without holes. */
export function drawButton(canvas: Canvas, random: Random): void {
  paintBackground(canvas, random, ['cloth', 'cloth', 'wood', 'marble']);
  const [cu, cv] = [random.between(-0.15, 0.15), random.between(-0.1, 0.1)];
  const radius = random.between(0.18, 0.4);
  const colour = random.chance(0.3) ? ([0.12, 0.11, 0.11] as const) : brightColour(random);
  const dish = random.between(0.6, 0.8);
  const x = random.between(0, 500);
  const streaks = random.between(0, 0.25);
  const height = (u: number, v: number): number => {
    const r = length(u, v);
    return 0.09 * smooth(dish - 0.08, dish + 0.06, r) - 0.16 * smooth(0.9, 1, r);
  };
  shadow(canvas, cu + 0.02, cv + 0.03, radius * 1.04);
  disc(canvas, cu, cv, radius, (pu, pv, out) => {
    const [u, v] = [(pu - cu) / radius, (pv - cv) / radius];
    const tone =
      (0.55 + 0.45 * relief(height, u, v, 0.01)) * (1 + streaks * clouds(u * 20 + x, v * 60)) - 0.12 * (u + v);
    set(out, colour[0] * tone, colour[1] * tone, colour[2] * tone);
  });
  const holes = random.pick([0, 2, 4, 4]);
  const start = random.between(0, turn);
  const thread = brightColour(random);
  const places = Array.from({ length: holes }, (_, i): [number, number] => {
    const angle = start + (turn * i) / holes;
    return [cu + 0.27 * radius * cosine(angle), cv + 0.27 * radius * sine(angle)];
  });
  for (const [u, v] of places) {
    disc(canvas, u, v, 0.11 * radius, (pu, pv, out) => {
      const rim = angleOf(pu - u, pv - v) > 0 ? 0.12 : 0.02;
      set(out, rim, rim, rim);
    });
  }
  if (holes > 0 && random.chance(0.7)) {
    const pairs =
      holes === 2
        ? [[0, 1]]
        : random.pick([
            [
              [0, 2],
              [1, 3],
            ],
            [
              [0, 1],
              [2, 3],
            ],
          ]);
    for (const [a, b] of pairs) {
      for (let k = -1; k <= 1; k++) {
        const off = 0.02 * radius * k;
        const shaded = thread.map((c) => c * (0.8 + 0.1 * k)) as unknown as [number, number, number];
        const from: [number, number] = [places[a][0] + off, places[a][1] - off];
        stroke(canvas, [from, [places[b][0] + off, places[b][1] - off]], () => 0.035 * radius, flat(shaded));
      }
    }
  }
  highlight(canvas, cu - 0.55 * radius, cv - 0.55 * radius, 0.12 * radius, false, random.between(0.2, 0.8));
}
