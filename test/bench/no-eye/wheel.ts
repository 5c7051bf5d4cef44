import type { Random } from '../random.ts';
import { angleOf, cosine, length, sine, smooth, turn } from './arithmetic.ts';
import { type Canvas, type Colour, disc, flat, lay, set, shadow, stroke } from './canvas.ts';
import { grit } from './noise.ts';
import { brightColour, highlight, paintBackground } from './surfaces.ts';

/** A wheel of a car, a bicycle or a cart; with tyre, rim, spokes and hub. */
export function drawWheel(canvas: Canvas, random: Random): void {
  paintBackground(canvas, random, ['asphalt', 'wall', 'outOfFocus']);
  const [cu, cv] = [random.between(-0.1, 0.1), random.between(-0.05, 0.08)];
  const radius = random.between(0.3, 0.46);
  const body = brightColour(random);
  const kind = random.pick(['car', 'car', 'bicycle', 'cart'] as const);
  if (kind === 'car') {
    lay(
      canvas,
      (u, v, out) => {
        const shine = 0.75 + 0.35 * smooth(0.2, -0.5, v) + 0.1 * sine(u * 3 + 1);
        set(out, body[0] * shine, body[1] * shine, body[2] * shine);
      },
      (_u, v) => smooth(cv + 0.14, cv + 0.13, v),
    );
    disc(canvas, cu, cv, radius * 1.13, flat([0.03, 0.03, 0.03]));
  }
  shadow(canvas, cu, cv + radius, radius * 0.5);
  const start = random.between(0, turn);
  switch (kind) {
    case 'car':
      car(canvas, random, { cu, cv, radius, start });
      return;
    case 'bicycle':
      spoked(canvas, {
        cu,
        cv,
        radius,
        start,
        count: random.whole(20, 36),
        tyre: 0.07,
        width: 0.004,
        colour: [0.75, 0.76, 0.78],
      });
      return;
    case 'cart':
      spoked(canvas, {
        cu,
        cv,
        radius,
        start,
        count: random.whole(8, 14),
        tyre: 0.15,
        width: 0.05 * radius * 2,
        colour: [0.5, 0.33, 0.18],
      });
      return;
    default:
      kind satisfies never;
  }
}

interface Place {
  readonly cu: number;
  readonly cv: number;
  readonly radius: number;
  readonly start: number;
}

function car(canvas: Canvas, random: Random, { cu, cv, radius, start }: Place): void {
  const spokes = random.whole(5, 12);
  const rim = random.between(0.6, 0.76);
  const wide = random.between(-0.2, 0.35);
  const metal = random.pick([0.75, 0.6, 0.2]);
  disc(canvas, cu, cv, radius, (pu, pv, out) => {
    const [u, v] = [(pu - cu) / radius, (pv - cv) / radius];
    const r = length(u, v);
    const angle = angleOf(u, v);
    const light = 1 - 0.3 * (u + v);
    let tone = (0.1 + 0.03 * sine(r * 120) + 0.02 * grit(u * 150, v * 150)) * light;
    if (r > 0.94) tone *= sine(angle * 70) > 0 ? 1.2 : 0.6;
    if (r < rim) {
      const inner = r / rim;
      const spoke = sine(spokes * angle + start) > wide - 0.5 * (1 - inner);
      const behind = inner < 0.75 ? 0.32 + 0.06 * sine(inner * 90) : 0.08;
      tone =
        inner > 0.9 || spoke || inner < 0.24
          ? metal * light * (0.8 + 0.25 * sine(angle * spokes + 1.3))
          : behind * light;
    }
    set(out, tone, tone, tone * 1.03);
  });
  const bolts = random.whole(4, 6);
  for (let i = 0; i < bolts; i++) {
    const angle = start + (turn * i) / bolts;
    const place = [cu + 0.13 * radius * cosine(angle), cv + 0.13 * radius * sine(angle)] as const;
    disc(canvas, ...place, 0.03 * radius, flat([0.12, 0.12, 0.13]));
  }
  disc(canvas, cu, cv, 0.075 * radius, flat(brightColour(random)));
  highlight(canvas, cu - 0.4 * rim * radius, cv - 0.5 * rim * radius, 0.07 * radius, false, 0.6);
}

function spoked(
  canvas: Canvas,
  o: Place & { readonly count: number; readonly tyre: number; readonly width: number; readonly colour: Colour },
): void {
  const { cu, cv, radius } = o;
  for (let i = 0; i < o.count; i++) {
    const angle = o.start + (turn * i) / o.count;
    const end: [number, number] = [cu + 0.95 * radius * cosine(angle), cv + 0.95 * radius * sine(angle)];
    stroke(canvas, [[cu, cv], end], () => o.width, flat(o.colour));
  }
  lay(
    canvas,
    (u, v, out) => {
      const r = length(u - cu, v - cv) / radius;
      const tone = r > 1 - o.tyre * 0.6 ? 0.12 : 0.5 + 0.2 * sine(angleOf(u - cu, v - cv) * 2);
      set(out, tone * (o.colour[0] + 0.2), tone * (o.colour[1] + 0.2), tone * (o.colour[2] + 0.2));
    },
    (u, v) =>
      smooth(
        o.tyre * radius * 0.5 + 0.003,
        o.tyre * radius * 0.5,
        Math.abs(length(u - cu, v - cv) - radius * (1 - o.tyre / 2)),
      ),
  );
  disc(canvas, cu, cv, 0.1 * radius, flat([0.35, 0.34, 0.33]));
  disc(canvas, cu, cv, 0.05 * radius, flat([0.1, 0.1, 0.1]));
}
