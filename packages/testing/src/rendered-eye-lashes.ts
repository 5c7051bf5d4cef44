import { type Random, seededRandom } from './rendered-eye-noise.ts';
import { blurPlane, makePlane, type Plane } from './rendered-eye-plane.ts';
import { type Scene, toPixels } from './rendered-eye-scene.ts';
import { drawStroke, type Stroke } from './rendered-eye-strokes.ts';

/** Cover of lashes and brow, and of the shadow that the lashes throw; 0 to 1. */
export interface Hair {
  readonly cover: Plane;
  readonly shadow: Plane;
}

/** Lashes stand in clumps of two to four, bend outwards and upwards, and get thin towards their tips. */
export function drawHair(scene: Scene): Hair {
  const cover = makePlane(scene.width, scene.height);
  const shadow = makePlane(scene.width, scene.height);
  const random = seededRandom(scene.seed, 'lashes');
  const lashes = [
    ...makeLashes(scene, random, 'upper', Math.round(random.between(72, 96))),
    ...makeLashes(scene, random, 'lower', Math.round(random.between(34, 50))),
  ];
  const drop = 0.05 * scene.scale;
  for (const lash of lashes) {
    drawStroke(cover, lash);
    const moved = lash.points.map(([x, y], i) => [x + (drop * i) / 8, y + (drop * i) / 5] as const);
    drawStroke(shadow, { ...lash, points: moved, strength: 0.35 }, 2);
  }
  blurPlane(shadow, 0.022 * scene.scale);
  for (const hair of makeBrow(scene, seededRandom(scene.seed, 'brow'))) drawStroke(cover, hair);
  return { cover, shadow };
}

function makeLashes(scene: Scene, random: Random, lid: 'upper' | 'lower', clumps: number): Stroke[] {
  const { lids } = scene;
  const centre = (lids.left + lids.right) / 2;
  const half = (lids.right - lids.left) / 2;
  const up = lid === 'upper';
  const strokes: Stroke[] = [];
  for (let n = 0; n < clumps; n++) {
    const place = -0.94 + (1.9 * (n + random.next())) / clumps;
    // Longest a third of the way in from the outer corner.
    const outward = -scene.nose * place;
    const reach = up ? 0.52 + 0.2 * outward - 0.12 * place * place : 0.25 + 0.08 * outward;
    const aim = (up ? -Math.PI / 2 : Math.PI / 2) + (up ? 0.85 : -0.75) * place + 0.12 * random.normal();
    const hairs = 1 + Math.floor(random.next() * 3);
    for (let k = 0; k < hairs; k++) {
      const root = centre + half * place + (k - 1) * 0.035 + 0.012 * random.normal();
      const border = up ? lids.upper(root) + 0.01 : lids.lower(root) + 0.1;
      const rootV = border + (up ? -1 : 1) * 0.03 * random.next();
      strokes.push(
        curvedHair(scene, random, {
          u: root,
          v: rootV,
          aim: aim + 0.14 * random.normal(),
          length: reach * random.between(0.6, 1.2),
          bend: (up ? -0.55 : 0.45) * Math.sign(place || 1) * (0.35 + Math.abs(place)) + 0.12 * random.normal(),
          thickness: (up ? 0.0115 : 0.0075) * random.between(0.75, 1.2),
          strength: up ? 0.96 : 0.8,
        }),
      );
    }
  }
  return strokes;
}

function makeBrow(scene: Scene, random: Random): Stroke[] {
  const count = 420;
  return Array.from({ length: count }, () => {
    const place = random.between(-1.15, 1.1);
    const outward = -scene.nose * place;
    const thickness = 0.42 * (1.1 - 0.55 * Math.max(0, outward));
    return curvedHair(scene, random, {
      u: place * 2.7,
      v: -2.75 + 0.35 * (place * scene.nose + 0.2) ** 2 + random.normal() * 0.38 * thickness,
      aim: (scene.nose > 0 ? Math.PI : 0) + scene.nose * (0.35 + 0.5 * Math.max(0, -outward)) + 0.25 * random.normal(),
      length: random.between(0.35, 0.7),
      bend: 0.2 * random.normal(),
      thickness: 0.013 * random.between(0.6, 1.2),
      strength: random.between(0.5, 0.85),
    });
  });
}

interface HairShape {
  readonly u: number;
  readonly v: number;
  readonly aim: number;
  readonly length: number;
  readonly bend: number;
  readonly thickness: number;
  readonly strength: number;
}

function curvedHair(scene: Scene, random: Random, hair: HairShape): Stroke {
  const steps = 14;
  const points: [number, number][] = [];
  const radii: number[] = [];
  let { u, v, aim } = hair;
  const wave = 0.03 * random.normal();
  for (let i = 0; i <= steps; i++) {
    const t = i / steps;
    points.push([...toPixels(scene, u, v)]);
    radii.push(scene.scale * hair.thickness * Math.max(0.08, (1 - t ** 1.6) * (0.75 + 0.25 * Math.min(1, t * 6))));
    u += (Math.cos(aim) * hair.length) / steps;
    v += (Math.sin(aim) * hair.length) / steps;
    aim -= (hair.bend * (0.4 + 1.2 * t)) / steps + wave * Math.sin(t * 5) * 0.2;
  }
  return { points, radii, strength: hair.strength };
}
