import type { Random } from '../random.ts';
import { cosine, fade, length, sine } from './arithmetic.ts';
import { type Canvas, type Colour, lay, set, stroke } from './canvas.ts';
import { clouds } from './noise.ts';
import { paintSkin, skinTones } from './surfaces.ts';

/** A closed eye: the lid over the ball, its crease, the line where the lids meet, lashes, and often the brow. */
export function drawClosedLid(canvas: Canvas, random: Random): void {
  const tone = random.pick(skinTones);
  paintSkin(canvas, random, tone);
  const [cu, cv] = [random.between(-0.08, 0.08), random.between(0, 0.12)];
  const half = random.between(0.32, 0.6);
  const sag = random.between(0.1, 0.22) * (half / 0.5);
  const tilt = random.between(-0.1, 0.1);
  const x = random.between(0, 500);
  const shadowTone = random.pick<Colour>([
    [1, 0.96, 0.94],
    [0.75, 0.62, 0.85],
    [0.6, 0.66, 0.8],
    [0.85, 0.65, 0.5],
  ]);
  const across = (u: number): number => (u - cu) / half;
  const line = (u: number): number =>
    cv + tilt * (u - cu) + sag * (1 - across(u) * across(u)) - 0.5 * sag + 0.004 * clouds(u * 60 + x, 3);
  lay(canvas, (u, v, out) => {
    const t = across(u);
    const inside = Math.max(0, 1 - t * t);
    const ball = fade(
      3.2 * length(t * 0.9, (v - cv + 0.1) / (half * 0.75)) * length(t * 0.9, (v - cv + 0.1) / (half * 0.75)),
    );
    const crease = line(u) - (0.34 * half + 0.1 * half * inside) + 0.01 * clouds(u * 40 + x, 9);
    const above = (v - crease) / (0.02 * half + 0.006);
    const meet = (v - line(u)) / 0.008;
    const under = (v - line(u) - 0.03) / 0.03;
    const shade =
      0.82 +
      0.28 * ball -
      0.35 * inside * fade(above * above) -
      0.65 * (inside > 0 ? fade(meet * meet) : 0) -
      0.12 * inside * fade(under * under);
    const painted = v < line(u) && v > crease ? 0.7 * inside : 0;
    for (let c = 0; c < 3; c++) out[c] *= shade * (1 + painted * (shadowTone[c] - 1)) * (c === 0 ? 1 : 0.98);
  });
  const hair = tone.map((c) => 0.05 + 0.12 * c) as unknown as Colour;
  lashes(canvas, random, { line, cu, half, hair });
  if (random.chance(0.6)) brow(canvas, random, { v: cv - random.between(0.34, 0.42), cu, half, hair });
}

function lashes(
  canvas: Canvas,
  random: Random,
  o: { readonly line: (u: number) => number; readonly cu: number; readonly half: number; readonly hair: Colour },
): void {
  const count = random.whole(35, 90);
  const long = random.between(0.07, 0.17);
  const width = random.between(0.003, 0.007);
  for (let i = 0; i < count; i++) {
    const t = random.between(-0.93, 0.93);
    const u = o.cu + t * o.half;
    const heading = 1.571 - 0.75 * t + random.between(-0.18, 0.18);
    const reach = long * random.between(0.6, 1) * (1 - 0.4 * t * t);
    const curl = -0.5 * t - 0.25;
    const points = Array.from({ length: 7 }, (_, k): [number, number] => {
      const s = k / 6;
      return [u + reach * s * cosine(heading + curl * s * 0.6), o.line(u) + reach * s * sine(heading + curl * s)];
    });
    stroke(
      canvas,
      points,
      (along) => width * (1.05 - along),
      (_u, _v, out) => set(out, ...o.hair),
    );
  }
}

function brow(
  canvas: Canvas,
  random: Random,
  o: { readonly v: number; readonly cu: number; readonly half: number; readonly hair: Colour },
): void {
  const count = random.whole(120, 260);
  const side = random.pick([-1, 1]);
  for (let i = 0; i < count; i++) {
    const t = random.between(-1, 1);
    const u = o.cu + t * o.half;
    const v = o.v + 0.07 * t * t + random.between(-0.03, 0.03) * (1 - 0.5 * t * side);
    const heading = side > 0 ? random.between(-0.7, 0.1) : 3.14 - random.between(-0.7, 0.1);
    const reach = random.between(0.03, 0.06);
    const end: [number, number] = [u + reach * cosine(heading), v + reach * sine(heading)];
    stroke(
      canvas,
      [[u, v], end],
      () => 0.0028,
      (_u, _v, out) => set(out, ...o.hair),
    );
  }
}
