import type { Random } from '../random.ts';
import { angleOf, clamp, length, mix, sine, smooth, turn } from './arithmetic.ts';
import { type Canvas, type Colour, disc, set, shadow } from './canvas.ts';
import { clouds, grit } from './noise.ts';
import { brightColour, highlight, paintBackground } from './surfaces.ts';

type RingShader = (r: number, angle: number, u: number, v: number, out: number[]) => void;

/** Discs with rings: archery and dart boards, records, compact discs, tree trunks, speakers, washers, doughnuts. */
export function drawRings(canvas: Canvas, random: Random): void {
  paintBackground(canvas, random, ['wood', 'wall', 'cloth', 'asphalt']);
  const [cu, cv] = [random.between(-0.1, 0.1), random.between(-0.05, 0.05)];
  const radius = random.between(0.3, 0.46);
  const kind = random.pick(Object.keys(kinds) as (keyof typeof kinds)[]);
  const shade = kinds[kind](random);
  shadow(canvas, cu + 0.02, cv + 0.03, radius);
  disc(canvas, cu, cv, radius, (pu, pv, out) => {
    const [u, v] = [(pu - cu) / radius, (pv - cv) / radius];
    shade(length(u, v), angleOf(u, v), u, v, out);
  });
  if (kind === 'speaker') highlight(canvas, cu - 0.1 * radius, cv - 0.12 * radius, 0.07 * radius, false, 0.35);
}

const tint = (out: number[], [r, g, b]: Colour, tone: number): void => set(out, r * tone, g * tone, b * tone);

const kinds: Record<
  'target' | 'darts' | 'record' | 'compactDisc' | 'trunk' | 'speaker' | 'washer' | 'doughnut',
  (random: Random) => RingShader
> = {
  target: (random) => {
    const colours = random.pick<readonly Colour[]>([
      [
        [0.95, 0.85, 0.2],
        [0.85, 0.15, 0.15],
        [0.15, 0.45, 0.8],
        [0.1, 0.1, 0.1],
        [0.93, 0.93, 0.9],
      ],
      [
        [0.85, 0.1, 0.1],
        [0.95, 0.95, 0.93],
        [0.85, 0.1, 0.1],
        [0.95, 0.95, 0.93],
        [0.85, 0.1, 0.1],
      ],
      [
        [0.05, 0.05, 0.05],
        [brightColour(random)[0], 0.5, 0.3],
        [0.95, 0.95, 0.95],
        [0.2, 0.3, 0.5],
        [0.9, 0.9, 0.85],
      ],
    ]);
    return (r, _angle, u, v, out) => {
      const line = Math.abs((r * 10) % 1) < 0.04 ? 0.7 : 1;
      tint(out, colours[Math.min(4, Math.floor(r * 5))], line * (1 + 0.08 * grit(u * 90, v * 90) - 0.08 * (u + v)));
    };
  },
  darts: () => (r, angle, u, v, out) => {
    const even = Math.floor((angle / turn) * 20 + 40) % 2 === 0;
    const coloured: Colour = even ? [0.75, 0.12, 0.12] : [0.08, 0.42, 0.2];
    const field: Colour = even ? [0.08, 0.08, 0.08] : [0.88, 0.82, 0.66];
    const ring = (r > 0.44 && r < 0.5) || (r > 0.73 && r < 0.79);
    const colour: Colour =
      r > 0.79
        ? [0.06, 0.06, 0.06]
        : r < 0.04
          ? [0.75, 0.1, 0.1]
          : r < 0.09
            ? [0.05, 0.4, 0.2]
            : ring
              ? coloured
              : field;
    tint(out, colour, 1 + 0.25 * grit(u * 130, v * 130));
  },
  record: (random) => {
    const label = brightColour(random);
    return (r, angle, u, v, out) => {
      if (r < 0.02) return set(out, 0.7, 0.7, 0.68);
      if (r < 0.34) return tint(out, label, (r > 0.3 || (r > 0.14 && r < 0.16) ? 0.7 : 1) * (1 - 0.1 * (u + v)));
      const groove = 0.5 + 0.5 * sine(r * 420);
      const gleam = smooth(0.9, 1, sine(2 * angle + 1)) * 0.35;
      const track = (r * 6.3) % 1 < 0.05 ? 0.06 : 0;
      const tone = 0.05 + 0.04 * groove + gleam * (0.5 + 0.5 * groove) + track;
      set(out, tone, tone, tone * 1.05);
    };
  },
  compactDisc: () => (r, angle, _u, _v, out) => {
    if (r < 0.12) return set(out, 0.2, 0.18, 0.16);
    if (r < 0.3) return set(out, 0.82, 0.84, 0.86);
    const hue = angle * 2 + r * 5;
    const gleam = smooth(0.1, 1, sine(2 * angle + 0.6));
    for (let c = 0; c < 3; c++) out[c] = 0.62 + gleam * 0.33 * sine(hue + c * 2.1) + 0.06 * sine(r * 40);
  },
  trunk: (random) => {
    const x = random.between(0, 500);
    return (r, angle, u, v, out) => {
      const bent = r + 0.05 * clouds(u * 26 + x, v * 26) + 0.01 * sine(angle * 9);
      if (bent > 0.92) return tint(out, [0.3, 0.22, 0.15], 1 + 0.5 * grit(u * 70, v * 70));
      const ring = 0.5 + 0.5 * sine(bent * 110 + 2 * clouds(bent * 200 + x, 5));
      const crack = smooth(0.985, 1, sine(angle * 3 + x + 0.6 * clouds(r * 60, x))) * smooth(0, 0.5, r);
      tint(
        out,
        [0.78, 0.58, 0.36],
        (0.72 + 0.24 * ring + 0.08 * grit(u * 160, v * 160)) * (1 - 0.6 * crack) * (0.75 + 0.25 * smooth(0, 0.3, bent)),
      );
    };
  },
  speaker: (random) => {
    const cone: Colour = random.pick<Colour>([
      [0.12, 0.12, 0.13],
      [0.55, 0.45, 0.25],
      [0.3, 0.32, 0.36],
    ]);
    return (r, _angle, u, v, out) => {
      const side = 0.5 - 0.35 * (u + v);
      if (r > 0.88) return tint(out, [0.55, 0.55, 0.57], side + 0.3);
      if (r > 0.74) return tint(out, [0.09, 0.09, 0.1], 0.6 + 1.2 * smooth(0.07, 0, Math.abs(r - 0.81)) * side * 2);
      if (r < 0.28) return tint(out, cone, 0.5 + 1.2 * clamp(0.6 - 1.6 * (u + v) - r));
      tint(out, cone, (0.45 + 0.55 * r) * (1.2 - side) + 0.05 * sine(r * 60) + 0.08 * grit(u * 90, v * 90));
    };
  },
  washer: () => (r, angle, u, v, out) => {
    if (r < 0.45) return set(out, 0.06, 0.055, 0.05);
    const turned = 0.06 * sine(r * 300) + 0.22 * sine(2 * angle + 0.8);
    tint(
      out,
      [0.7, 0.71, 0.73],
      0.9 + turned + 0.05 * grit(u * 120, v * 120) - 0.4 * smooth(0.04, 0, Math.abs(r - 0.47)),
    );
  },
  doughnut: (random) => {
    const icing = random.pick<Colour>([
      [0.36, 0.18, 0.1],
      [0.93, 0.55, 0.65],
      [0.95, 0.9, 0.82],
    ]);
    const x = random.between(0, 500);
    return (r, _angle, u, v, out) => {
      if (r < 0.26) return set(out, 0.32, 0.24, 0.18);
      const round = Math.sqrt(Math.max(0, 1 - ((r - 0.63) / 0.37) * ((r - 0.63) / 0.37)));
      const iced = smooth(0.5, 0.6, round + 0.12 * clouds(u * 30 + x, v * 30));
      const light = 0.5 + 0.5 * round - 0.15 * (u + v);
      const sugar = grit(u * 60 + x, v * 60) > 0.42 ? iced * 0.5 : 0;
      for (let c = 0; c < 3; c++)
        out[c] = mix([0.75, 0.5, 0.25][c], icing[c], iced) * light + sugar * (0.4 + 0.4 * sine(u * 40 + c * 2));
    };
  },
};
