import type { Random } from '../random.ts';
import { cosine, fade, length, sine, smooth } from './arithmetic.ts';
import { type Canvas, disc, lay, set, stroke } from './canvas.ts';
import { clouds } from './noise.ts';
import { paintSkin, skinTones } from './surfaces.ts';

/** A patch of skin with moles, hairs, folds; sometimes a navel or the knuckle of a finger. */
export function drawSkin(canvas: Canvas, random: Random): void {
  const tone = random.pick(skinTones);
  paintSkin(canvas, random, tone);
  const dark = tone.map((c) => c * 0.4);
  for (let i = random.whole(0, 9); i > 0; i--) {
    const size = random.between(0.004, 0.025);
    const strength = random.between(0.3, 0.85);
    disc(
      canvas,
      random.between(-0.7, 0.7),
      random.between(-0.5, 0.5),
      size,
      (_u, _v, out) => {
        for (let c = 0; c < 3; c++) out[c] += (dark[c] - out[c]) * strength;
      },
      size,
    );
  }
  const folds = random.pick([0, 0, 3, 6]);
  for (let i = 0; i < folds; i++) fold(canvas, random.between(-0.4, 0.4), random.between(-0.6, 0.6), random);
  if (random.chance(0.3)) navel(canvas, random);
  for (let i = random.pick([0, 0, 30, 90]); i > 0; i--) hair(canvas, random, dark);
}

function fold(canvas: Canvas, v0: number, slope: number, random: Random): void {
  const x = random.between(0, 500);
  lay(canvas, (u, v, out) => {
    const away = v - v0 - 0.25 * slope * u - 0.03 * clouds(u * 30 + x, v0 * 90);
    const shade =
      1 - 0.35 * fade((away / 0.006) * (away / 0.006)) + 0.1 * fade(((away - 0.014) / 0.01) * ((away - 0.014) / 0.01));
    set(out, out[0] * shade, out[1] * shade, out[2] * shade);
  });
}

function navel(canvas: Canvas, random: Random): void {
  const [nu, nv, size] = [random.between(-0.2, 0.2), random.between(-0.15, 0.15), random.between(0.06, 0.14)];
  const stretch = random.between(0.6, 1.3);
  lay(canvas, (u, v, out) => {
    const away = length((u - nu) * stretch, v - nv - 0.1 * size * clouds(u * 60, v * 60)) / size;
    const shade = (1 - 0.75 * smooth(0.9, 0.2, away)) * (1 + 0.12 * fade(((away - 1.2) / 0.2) * ((away - 1.2) / 0.2)));
    for (let c = 0; c < 3; c++) out[c] *= c === 0 ? shade : shade * (0.9 + 0.1 * Math.min(1, away));
  });
}

function hair(canvas: Canvas, random: Random, dark: readonly number[]): void {
  const [u, v] = [random.between(-0.8, 0.8), random.between(-0.5, 0.5)];
  const heading = 0.9 + random.between(-0.4, 0.4);
  const bend = random.between(-0.8, 0.8);
  const long = random.between(0.03, 0.12);
  const points = Array.from({ length: 6 }, (_, i): [number, number] => {
    const t = i / 5;
    return [u + long * t * cosine(heading + bend * t), v + long * t * sine(heading + bend * t)];
  });
  const width = random.between(0.001, 0.003);
  stroke(
    canvas,
    points,
    (along) => width * (1.1 - along),
    (_u, _v, out) => set(out, dark[0] * 0.5, dark[1] * 0.5, dark[2] * 0.5),
  );
}
