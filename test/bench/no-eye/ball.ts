import type { Random } from '../random.ts';
import { clamp, fade, length, mix, sine, smooth } from './arithmetic.ts';
import { type Canvas, type Colour, disc, flat, lay, set, shadow } from './canvas.ts';
import { cellValue, clouds, grit } from './noise.ts';
import { brightColour, highlight, paintBackground } from './surfaces.ts';

/** Colour of a ball at a place on it; u and v from -1 to 1, w towards the viewer. */
type Skin = (u: number, v: number, w: number) => Colour;

/** Planets and moons, billiard balls, marbles, fruit, soap bubbles: round, shaded, mostly with a highlight. */
export function drawBall(canvas: Canvas, random: Random): void {
  const kind = random.pick(Object.keys(skins) as (keyof typeof skins)[]);
  const [cu, cv] = [random.between(-0.12, 0.12), random.between(-0.07, 0.07)];
  const radius = random.between(0.24, 0.44);
  const planet = kind === 'banded' || kind === 'moon' || kind === 'earth';
  if (planet) stars(canvas, random);
  else {
    paintBackground(canvas, random);
    shadow(canvas, cu + 0.05, cv + 0.1, radius);
  }
  const skin = skins[kind](random);
  const [lu, lv] = [random.between(-0.7, 0), random.between(-0.7, -0.2)];
  const lw = Math.sqrt(Math.max(0.1, 1 - lu * lu - lv * lv));
  const ambient = planet ? 0.02 : 0.3;
  disc(canvas, cu, cv, radius, (pu, pv, out) => {
    const [u, v] = [(pu - cu) / radius, (pv - cv) / radius];
    const w = Math.sqrt(Math.max(0, 1 - u * u - v * v));
    const light = ambient + (1 - ambient) * clamp(u * lu + v * lv + w * lw);
    const [r, g, b] = skin(u, v, w);
    const rim = planet ? 0 : 0.1 * (1 - w);
    set(out, r * light + rim, g * light + rim, b * light + rim);
  });
  if (planet) return;
  highlight(
    canvas,
    cu + 0.55 * lu * radius,
    cv + 0.55 * lv * radius,
    random.between(0.08, 0.18) * radius,
    random.chance(0.5),
  );
  if (random.chance(0.4)) highlight(canvas, cu - 0.4 * lu * radius, cv - 0.6 * lv * radius, 0.07 * radius, false, 0.4);
}

function stars(canvas: Canvas, random: Random): void {
  lay(canvas, flat([0.01, 0.01, 0.02]));
  for (let i = random.whole(20, 120); i > 0; i--) {
    const tone = random.between(0.3, 1);
    disc(
      canvas,
      random.between(-0.8, 0.8),
      random.between(-0.5, 0.5),
      random.between(0.001, 0.003),
      flat([tone, tone, tone]),
    );
  }
}

const skins: Record<
  'banded' | 'moon' | 'earth' | 'billiard' | 'marble' | 'tomato' | 'orange' | 'bauble',
  (random: Random) => Skin
> = {
  banded: (random) => {
    const [a, b, x] = [brightColour(random), brightColour(random), random.between(0, 500)];
    const [su, sv] = [random.between(-0.4, 0.4), random.between(-0.3, 0.4)];
    return (u, v, w) => {
      const share = 0.5 + 0.5 * sine(v * 19 + 1.6 * clouds((u / (w + 0.4)) * 20 + x, v * 90));
      const storm = fade(9 * length((u - su) / 0.5, (v - sv) / 0.25));
      return [
        mix(mix(a[0], b[0], share), 0.75, storm),
        mix(mix(a[1], b[1], share), 0.3, storm),
        mix(mix(a[2], b[2], share), 0.2, storm),
      ];
    };
  },
  moon: (random) => {
    const x = random.between(0, 500);
    return (u, v) => {
      let tone = 0.62 + 0.22 * clouds(u * 40 + x, v * 40) + 0.1 * grit(u * 70 + x, v * 70);
      for (const size of [0.55, 0.23, 0.11]) {
        const [i, j] = [Math.floor(u / size + x), Math.floor(v / size + x)];
        const away = length(
          u / size + x - i - 0.3 - 0.4 * cellValue(i, j, 1),
          v / size + x - j - 0.3 - 0.4 * cellValue(i, j, 2),
        );
        const rim = 0.12 + 0.18 * cellValue(i, j, 3);
        tone += 0.16 * fade(((away - rim) / 0.04) * ((away - rim) / 0.04)) - 0.14 * smooth(rim, 0.6 * rim, away);
      }
      return [tone, tone * 0.98, tone * 0.94];
    };
  },
  earth: (random) => {
    const x = random.between(0, 500);
    return (u, v, w) => {
      const land = smooth(0.02, 0.08, clouds((u / (w + 0.5)) * 45 + x, v * 45));
      const cloud = smooth(0.1, 0.45, clouds(u * 70 + x, v * 110 + x));
      const ground: Colour = [mix(0.05, 0.35, land), mix(0.18, 0.36, land), mix(0.45, 0.16, land)];
      return [mix(ground[0], 0.95, cloud), mix(ground[1], 0.95, cloud), mix(ground[2], 0.97, cloud)];
    };
  },
  billiard: (random) => {
    const colour = brightColour(random);
    const [tu, tv, stripe] = [random.between(-0.3, 0.3), random.between(-0.3, 0.3), random.chance(0.5)];
    return (u, v) => {
      const r = length(u - tu, v - tv);
      if (r < 0.3) {
        const digit = Math.abs(r - 0.12) < 0.035 || (Math.abs(u - tu) < 0.03 && v > tv && v < tv + 0.18);
        return digit ? [0.08, 0.08, 0.08] : [0.95, 0.93, 0.88];
      }
      return stripe && Math.abs(v - tv) > 0.5 ? [0.94, 0.92, 0.86] : colour;
    };
  },
  marble: (random) => {
    const [a, b, x] = [brightColour(random), brightColour(random), random.between(0, 500)];
    return (u, v, w) => {
      const swirl = smooth(-0.1, 0.1, sine(5 * u * w + 7 * v + 3 * clouds(u * 18 + x, v * 18)) - 0.5);
      const depth = 0.5 + 0.5 * w;
      return [mix(a[0] * depth, b[0], swirl), mix(a[1] * depth, b[1], swirl), mix(a[2] * depth, b[2], swirl)];
    };
  },
  tomato: (random) => {
    const x = random.between(0, 500);
    const colour = random.pick<Colour>([
      [0.8, 0.13, 0.08],
      [0.45, 0.05, 0.1],
      [0.55, 0.7, 0.2],
    ]);
    const [su, sv] = [random.between(-0.2, 0.2), random.between(-0.45, 0)];
    return (u, v) => {
      const r = length(u - su, v - sv);
      const stem = r < 0.1 + 0.22 * smooth(0.1, 0.3, clouds((u - su) * 60 + x, (v - sv) * 60)) * smooth(0.45, 0.1, r);
      const tone = (1 - 0.5 * fade(r * 6)) * (1 + 0.06 * clouds(u * 50 + x, v * 50));
      return stem ? [0.22, 0.36, 0.12] : [colour[0] * tone, colour[1] * tone, colour[2] * tone];
    };
  },
  orange: (random) => {
    const x = random.between(0, 500);
    return (u, v) => {
      const dimples = 1 - 0.22 * smooth(0.1, 0.5, grit(u * 55 + x, v * 55)) + 0.08 * clouds(u * 30, v * 30 + x);
      return [0.93 * dimples, 0.52 * dimples, 0.09 * dimples];
    };
  },
  bauble: (random) => {
    const [a, x] = [brightColour(random), random.between(0, 500)];
    return (u, v, w) => {
      const mirrored =
        0.75 + 0.5 * clouds((u * 30) / (w + 0.3) + x, (v * 30) / (w + 0.3)) + 0.3 * smooth(0.05, -0.05, v + 0.3 * u);
      return [a[0] * mirrored, a[1] * mirrored, a[2] * mirrored];
    };
  },
};
