import type { Colour } from './rendered-eye-colours.ts';
import {
  pickTile,
  type Random,
  sampleTile,
  seededRandom,
  smoothstep,
  type Tile,
  tileSide,
} from './rendered-eye-noise.ts';
import type { Scene } from './rendered-eye-scene.ts';

/** The iris unrolled: rows from the pupil (0) to the limbus, columns around the circle; linear RGB interleaved. */
export interface PolarIris {
  readonly angles: number;
  readonly radii: number;
  readonly colour: Float32Array;
}

/** A gap between fibres through which the deep layer shows. Angles in radians, radii as 0 (pupil) to 1 (limbus). */
interface Crypt {
  readonly angle: number;
  readonly radius: number;
  readonly halfAngle: number;
  readonly halfRadius: number;
}

interface Fibre {
  readonly angle: number;
  readonly from: number;
  readonly to: number;
  /** Half width in radians. */
  readonly halfWidth: number;
  /** 0 = deep, 1 = on top. */
  readonly height: number;
  readonly bend: number;
  readonly phase: number;
}

const turn = 2 * Math.PI;

/**
 * Paints an iris the way it is built:
 * 1) a dark deep layer; 2) fibres from the deep ones to the highest, each with a lit ridge and a shadow beside it,
 * parted around crypts, fine and straight inside the collarette, thicker and wavy outside; 3) the collarette's ridge;
 * 4) furrows of contraction; 5) colour from the height, the zone and clouds of pigment; 6) limbal ring and pupillary ruff.
 */
export function paintIris(scene: Scene): PolarIris {
  const random = seededRandom(scene.seed, 'iris');
  const clouds = pickTile(random, 'clouds');
  const grit = pickTile(random, 'grit');
  const angles = 2 ** Math.min(12, Math.max(8, Math.ceil(Math.log2(turn * scene.scale))));
  const radii = Math.max(48, Math.round(scene.scale * 0.85));
  const height = new Float32Array(angles * radii).fill(0.12);
  const collarette = collaretteRadius(random, clouds);
  const crypts = makeCrypts(random, collarette);
  for (const fibre of makeFibres(random, collarette)) paintFibre(height, angles, radii, fibre, crypts, clouds);
  return { angles, radii, colour: colourIris(scene, random, { height, angles, radii }, collarette, clouds, grit) };
}

function collaretteRadius(random: Random, clouds: Tile): (angle: number) => number {
  const mean = random.between(0.24, 0.36);
  const row = random.between(0, tileSide);
  return (angle) => {
    const across = (angle / turn) * tileSide;
    return mean + 0.03 * sampleTile(clouds, across, row) + 0.012 * Math.abs(sampleTile(clouds, across * 6, row + 99));
  };
}

function makeCrypts(random: Random, collarette: (angle: number) => number): Crypt[] {
  const count = Math.round(random.between(7, 22));
  return Array.from({ length: count }, () => {
    const angle = random.between(0, turn);
    const size = random.between(0.35, 1) ** 2;
    const nearCollarette = random.next() < 0.75;
    const halfRadius = 0.06 + 0.14 * size;
    return {
      angle,
      radius: nearCollarette ? collarette(angle) + halfRadius * random.between(0.6, 1.2) : random.between(0.55, 0.85),
      halfAngle: (0.012 + 0.05 * size) * (nearCollarette ? 1 : 0.6),
      halfRadius,
    };
  });
}

/** Fibres of both zones, deep ones first. */
function makeFibres(random: Random, collarette: (angle: number) => number): Fibre[] {
  const zone = (count: number, make: (angle: number, height: number) => Fibre) =>
    Array.from({ length: count }, (_, i) => make(((i + random.next()) / count) * turn, random.next() ** 1.3));
  const ciliary = zone(900, (angle, height) => ({
    angle,
    from: Math.max(0, collarette(angle) - random.between(0, 0.1)),
    to: random.next() < 0.35 ? random.between(0.5, 0.95) : 1.1,
    halfWidth: (random.between(0.45, 1.25) * (1.5 - 0.9 * height) * turn) / 520,
    height,
    bend: random.normal() * 0.035,
    phase: random.between(0, tileSide),
  }));
  const pupillary = zone(560, (angle, height) => ({
    angle,
    from: -0.05,
    to: collarette(angle) + random.between(-0.05, 0.05),
    halfWidth: (random.between(0.4, 1) * turn) / 720,
    height: height * 0.75,
    bend: random.normal() * 0.012,
    phase: random.between(0, tileSide),
  }));
  return [...pupillary, ...ciliary].sort((a, b) => a.height - b.height);
}

/** Lays one fibre over the height map: shadow beside it, then its rounded back. */
function paintFibre(
  map: Float32Array,
  angles: number,
  radii: number,
  fibre: Fibre,
  crypts: readonly Crypt[],
  clouds: Tile,
): void {
  // The deepest fibres run on below a crypt.
  const near = crypts.filter(
    (c) => fibre.height > 0.3 && Math.abs(turned(fibre.angle - c.angle)) < 5 * c.halfAngle + 0.12,
  );
  const perRadian = angles / turn;
  for (let row = 0; row < radii; row++) {
    const rho = (row + 0.5) / radii;
    if (rho < fibre.from - 0.06 || rho > fibre.to) continue;
    const along = (rho - fibre.from) / (fibre.to - fibre.from);
    const ends = smoothstep(-0.06, 0.06, rho - fibre.from) * smoothstep(0, 0.18, fibre.to - rho);
    if (ends <= 0) continue;
    // Neighbours share the slow waves (bundles); each fibre has a little of its own.
    const across = (fibre.angle / turn) * tileSide;
    const waves =
      0.045 * sampleTile(clouds, across * 3, rho * 70) * rho + 0.008 * sampleTile(clouds, fibre.phase, rho * 150);
    const angle = partedAround(near, fibre.angle + waves + fibre.bend * along * along, rho);
    const half = Math.max(0.6, fibre.halfWidth * perRadian * (0.75 + 0.5 * along) * (0.6 + 0.4 * ends));
    const centre = angle * perRadian;
    const thickness = 0.75 + 0.25 * sampleTile(clouds, fibre.phase + 77, rho * 90 + fibre.phase);
    const top = (0.2 + 0.66 * fibre.height) * Math.min(1.25, Math.max(0.35, thickness));
    const reach = half * 2;
    for (let column = Math.ceil(centre - reach); column <= centre + reach; column++) {
      const t = (column - centre) / half;
      const at = row * angles + (column & (angles - 1));
      const cover = ends * Math.max(0, 1 - t * t);
      const shade = 1 - 0.22 * ends * fibre.height * Math.exp(-0.8 * (t - 0.5) * (t - 0.5));
      const back = top * (1 - 0.3 * (t + 0.25) * (t + 0.25));
      const strength = Math.min(1, cover * 1.4) * 0.85;
      map[at] = map[at] * shade * (1 - strength) + back * strength;
    }
  }
}

/** Moves an angle out of the crypts: what would run through a gap runs along its side. */
function partedAround(crypts: readonly Crypt[], angle: number, rho: number): number {
  let moved = angle;
  for (const crypt of crypts) {
    const e = (rho - crypt.radius) / crypt.halfRadius;
    if (e * e >= 1) continue;
    const half = crypt.halfAngle * (1 - Math.abs(e)) ** 0.85;
    const d = turned(moved - crypt.angle);
    const reach = 4.5 * half;
    if (Math.abs(d) < reach) moved += (Math.sign(d) || 1) * half * (1 - Math.abs(d) / reach) ** 1.5;
  }
  return moved;
}

function turned(angle: number): number {
  return angle - turn * Math.round(angle / turn);
}

function colourIris(
  scene: Scene,
  random: Random,
  map: { readonly height: Float32Array; readonly angles: number; readonly radii: number },
  collarette: (angle: number) => number,
  clouds: Tile,
  grit: Tile,
): Float32Array {
  const { height, angles, radii } = map;
  const { deep, fibre, crest, inner, innerStrength, relief } = scene.palette;
  const colour = new Float32Array(height.length * 3);
  const ringWidth = random.between(0.1, 0.2);
  const ringDepth = random.between(0.6, 0.88);
  const furrows = Array.from({ length: 3 }, () => ({
    at: random.between(0.55, 0.88),
    row: random.between(0, tileSide),
    depth: random.between(0.05, 0.16),
  }));
  for (let column = 0; column < angles; column++) {
    const angle = (column / angles) * turn;
    const across = (angle / turn) * tileSide;
    const collar = collarette(angle);
    for (let row = 0; row < radii; row++) {
      const rho = (row + 0.5) / radii;
      const at = row * angles + column;
      const cloud = sampleTile(clouds, across, rho * 120 + 200);
      const fine = sampleTile(grit, across * 4, rho * 260);
      const ridge = Math.exp(-(((rho - collar) / 0.035) ** 2));
      const patch = sampleTile(clouds, across + 250, rho * 60);
      let level = 0.48 + (height[at] - 0.5) * relief * (1 + 0.2 * patch) + 0.13 * ridge * (1 + 0.6 * cloud);
      level += 0.04 * fine + 0.05 * cloud + 0.06 * patch;
      for (const { at: radius, row: track, depth } of furrows) {
        const arc = radius + 0.02 * sampleTile(clouds, across, track);
        const broken = smoothstep(-0.3, 0.8, sampleTile(clouds, across * 2, track + 50));
        level *= 1 - depth * broken * Math.exp(-(((rho - arc) / 0.014) ** 2));
      }
      const warm =
        innerStrength * smoothstep(0.2, -0.16, rho - collar + 0.08 * patch + 0.05 * cloud - 0.2 * (height[at] - 0.5));
      const ring = 1 - ringDepth * smoothstep(1 - ringWidth + 0.015 * cloud, 1.01, rho);
      const ruff = 0.22 + 0.78 * smoothstep(0.004, 0.035 + 0.012 * sampleTile(grit, across * 3, 7), rho);
      const shade = ring * ruff;
      for (let c = 0; c < 3; c++) {
        const body = ramp(level, deep, fibre, crest, c);
        const tinted = body + (inner[c] * (0.45 + 1.1 * level) - body) * warm;
        colour[at * 3 + c] = tinted * shade;
      }
    }
  }
  paintFreckles(scene, random, colour, angles, radii);
  return colour;
}

/** Deep at 0.1, fibre at 0.5, crest at 1.05, straight in between. */
function ramp(level: number, deep: Colour, fibre: Colour, crest: Colour, c: number): number {
  if (level < 0.5) {
    const t = Math.max(0, (level - 0.1) / 0.4);
    return deep[c] + (fibre[c] - deep[c]) * t;
  }
  return fibre[c] + (crest[c] - fibre[c]) * Math.min(1.15, (level - 0.5) / 0.55);
}

/** A few spots of pigment. */
function paintFreckles(scene: Scene, random: Random, colour: Float32Array, angles: number, radii: number): void {
  const count = Math.floor(random.between(0, 6));
  for (let n = 0; n < count; n++) {
    const column = random.between(0, angles);
    const row = random.between(0.35, 0.92) * radii;
    const size = random.between(0.008, 0.03) * radii;
    const strength = random.between(0.2, 0.6);
    const squash = angles / (turn * radii * 1.1);
    for (let y = Math.max(0, Math.floor(row - 3 * size)); y < Math.min(radii, row + 3 * size); y++) {
      for (let x = Math.floor(column - 3 * size * squash); x < column + 3 * size * squash; x++) {
        const d = Math.hypot((x - column) / (size * squash), (y - row) / size);
        const cover = strength * smoothstep(1.6, 0.5, d);
        const at = (y * angles + (x & (angles - 1))) * 3;
        for (let c = 0; c < 3; c++) colour[at + c] += (scene.palette.deep[c] * 0.8 - colour[at + c]) * cover;
      }
    }
  }
}

/** Colour at an angle (radians) and radius (0 pupil to 1 limbus) into `out`, bilinear. */
export function sampleIris(iris: PolarIris, angle: number, rho: number, out: Float32Array): void {
  const { angles, radii, colour } = iris;
  const x = (angle / turn) * angles;
  const y = Math.min(radii - 1.001, Math.max(0, rho * radii - 0.5));
  const x0 = Math.floor(x);
  const y0 = Math.floor(y);
  const fx = x - x0;
  const fy = y - y0;
  const left = x0 & (angles - 1);
  const right = (x0 + 1) & (angles - 1);
  const top = y0 * angles;
  for (let c = 0; c < 3; c++) {
    const a = colour[(top + left) * 3 + c] * (1 - fx) + colour[(top + right) * 3 + c] * fx;
    const b = colour[(top + angles + left) * 3 + c] * (1 - fx) + colour[(top + angles + right) * 3 + c] * fx;
    out[c] = a * (1 - fy) + b * fy;
  }
}
