import type { Random } from '../random.ts';
import { fade, length, sine, smooth } from './arithmetic.ts';
import { type Canvas, type Colour, edge, lay, set, shadow } from './canvas.ts';
import { clouds, grit } from './noise.ts';
import { brightColour, highlight, paintBackground } from './surfaces.ts';

/** What lies in the middle: colour, and how rough it is. */
const dishes: readonly { readonly colour: Colour; readonly rough: number; readonly wet: number }[] = [
  { colour: [0.16, 0.09, 0.05], rough: 0, wet: 1 }, // coffee
  { colour: [0.45, 0.22, 0.08], rough: 0.02, wet: 1 }, // tea
  { colour: [0.72, 0.3, 0.12], rough: 0.12, wet: 0.6 }, // soup
  { colour: [0.35, 0.45, 0.16], rough: 0.5, wet: 0.1 }, // salad
  { colour: [0.85, 0.72, 0.4], rough: 0.4, wet: 0.1 }, // pasta
  { colour: [0.9, 0.88, 0.82], rough: 0.03, wet: 0.2 }, // empty
];

/** A plate, a bowl or a cup from above or aslant, with something in it or nothing, on a table. */
export function drawPlate(canvas: Canvas, random: Random): void {
  paintBackground(canvas, random, ['wood', 'cloth', 'marble']);
  const [cu, cv] = [random.between(-0.1, 0.1), random.between(-0.06, 0.06)];
  const radius = random.between(0.3, 0.45);
  const slant = random.between(0.6, 1);
  const dish = random.pick(dishes);
  const inner = random.between(0.45, 0.8);
  const glaze: Colour = random.chance(0.6) ? [0.93, 0.92, 0.89] : brightColour(random);
  const band = random.chance(0.5) ? random.between(0.85, 0.92) : 2;
  const paint = brightColour(random);
  const x = random.between(0, 500);
  const foam = dish.wet === 1 && random.chance(0.5);
  shadow(canvas, cu + 0.02, cv + 0.05, radius * 0.98);
  lay(
    canvas,
    (pu, pv, out) => {
      const [u, v] = [(pu - cu) / radius, (pv - cv) / (radius * slant)];
      const r = length(u, v);
      const light = 1 - 0.14 * (u + v);
      const well = 1 - 0.25 * fade(((r - inner - 0.03) / 0.04) * ((r - inner - 0.03) / 0.04)) * (u + v > 0 ? 0.5 : 1);
      const rim = 1 + 0.12 * smooth(0.95, 0.98, r) - 0.25 * smooth(0.985, 1, r);
      const ground = Math.abs(r - band) < 0.03 ? paint : glaze;
      for (let c = 0; c < 3; c++) out[c] = ground[c] * light * well * rim;
      if (r > inner + 0.04 * dish.rough * clouds(u * 60 + x, v * 60)) return;
      const lumps = dish.rough * (0.6 * clouds(u * 55 + x, v * 55) + 0.35 * grit(u * 60, v * 60 + x));
      const shade = light * (1 + lumps) * (0.75 + 0.25 * smooth(inner, 0.7 * inner, r));
      const froth = foam ? 0.4 * smooth(-0.2, 0.3, clouds(u * 30 + x, v * 30) - 0.9 * (0.6 * inner - r)) : 0;
      set(
        out,
        dish.colour[0] * shade + froth * 0.8,
        dish.colour[1] * shade + froth * 0.62,
        dish.colour[2] * shade + froth * 0.4 + 0.02 * sine(r * 20),
      );
    },
    (pu, pv) => edge((length((pu - cu) / radius, (pv - cv) / (radius * slant)) - 1) * radius * slant),
    { u: cu, v: cv, reach: radius * 1.02 },
  );
  if (dish.wet > 0.5)
    highlight(canvas, cu - 0.3 * inner * radius, cv - 0.35 * inner * radius, 0.12 * radius, random.chance(0.5), 0.75);
  else if (random.chance(0.5))
    highlight(canvas, cu - 0.5 * radius, cv - 0.5 * radius * slant, 0.06 * radius, false, 0.6);
}
