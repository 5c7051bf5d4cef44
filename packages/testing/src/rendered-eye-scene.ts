import type { IrisGeometry } from '@irisvue/vision';
import {
  type Colour,
  type IrisColour,
  type IrisPalette,
  irisColours,
  irisPalettes,
  skinTones,
} from './rendered-eye-colours.ts';
import { seededRandom } from './rendered-eye-noise.ts';

/** What can be asked of a rendered eye. What is left out follows from the seed. */
export interface EyeRequest {
  readonly seed: number;
  readonly width: number;
  readonly height: number;
  readonly irisColour?: IrisColour;
  /** 0 = lightest, 5 = darkest. */
  readonly skinTone?: number;
  /** Radius of the limbus in pixels. By default 0.26 to 0.3 of the shorter side. */
  readonly irisRadius?: number;
  /** Pupil radius over limbus radius, 0.15 to 0.7. */
  readonly pupilRatio?: number;
  /** The lamp or window that the cornea mirrors. */
  readonly light?: Light;
  /** How far the lids are open: 1 = relaxed, 0.5 = half closed, 1.2 = wide. */
  readonly openness?: number;
}

export const lights = ['window', 'softbox', 'ring', 'two lamps', 'none'] as const;
export type Light = (typeof lights)[number];

/**
 * Everything about one eye that is not a pixel. Lengths are in eye units: the limbus radius is 1, the origin is the
 * limbus centre, u points right and v down along the eye's own axes.
 */
export interface Scene {
  readonly seed: number;
  readonly width: number;
  readonly height: number;
  /** Limbus centre in pixels, corner origin. */
  readonly cx: number;
  readonly cy: number;
  /** Pixels of one eye unit. */
  readonly scale: number;
  /** Roll of the head: the u axis in the picture. */
  readonly cos: number;
  readonly sin: number;
  /** Side of the nose: -1 = left in the picture. */
  readonly nose: 1 | -1;
  /** Height of the limbus over its width. */
  readonly limbusRatio: number;
  readonly pupil: { readonly u: number; readonly v: number; readonly radius: number };
  readonly lids: Lids;
  readonly palette: IrisPalette;
  readonly skin: Colour;
  readonly light: Light;
}

/** Borders of the lids as v over u. */
export interface Lids {
  upper(u: number): number;
  lower(u: number): number;
  /** Position across the opening: -1 and 1 are the corners. */
  across(u: number): number;
  /** Corners of the opening. */
  readonly left: number;
  readonly right: number;
}

export function makeScene(request: EyeRequest): Scene {
  const { seed, width, height } = request;
  const random = seededRandom(seed, 'scene');
  const shorter = Math.min(width, height);
  const scale = request.irisRadius ?? random.between(0.26, 0.3) * shorter;
  const roll = random.between(-0.07, 0.07);
  const nose = random.next() < 0.5 ? -1 : 1;
  const colour = irisColours[Math.floor(random.next() * irisColours.length)];
  const tone = Math.floor(random.next() * skinTones.length);
  const pupil = {
    u: nose * random.between(0.01, 0.045),
    v: random.between(-0.02, 0.03),
    radius: request.pupilRatio ?? random.between(0.26, 0.4),
  };
  const drift = [random.between(-0.03, 0.03), random.between(-0.02, 0.03)];
  const chosenLight = lights[Math.floor(random.next() * (lights.length - 1))];
  return {
    seed,
    width,
    height,
    cx: width * (0.5 + drift[0]),
    cy: height * (0.51 + drift[1]),
    scale,
    cos: Math.cos(roll),
    sin: Math.sin(roll),
    nose,
    limbusRatio: random.between(0.975, 1),
    pupil,
    lids: makeLids(seed, nose, request.openness ?? random.between(0.96, 1.08)),
    palette: irisPalettes[request.irisColour ?? colour],
    skin: skinTones[request.skinTone ?? tone],
    light: request.light ?? chosenLight,
  };
}

/** Half the width of the opening is about 2.5 limbus radii; relaxed, the upper lid covers 1 to 2 mm of the iris. */
function makeLids(seed: number, nose: 1 | -1, openness: number): Lids {
  const random = seededRandom(seed, 'lids');
  const centre = -nose * random.between(0.1, 0.3);
  const halfWidth = random.between(2.35, 2.6);
  const tilt = random.between(0.04, 0.16);
  const rise = random.between(0.86, 0.94) * openness;
  const fall = random.between(0.93, 1.02) * Math.min(1, openness + 0.1);
  const upperPower = random.between(2, 2.35);
  const lowerPower = random.between(2.1, 2.5);
  // The arches are highest above the iris, a little towards the nose.
  const skew = centre / halfWidth;
  const upperSkew = skew - nose * random.between(0, 0.06);
  const lowerSkew = skew + nose * random.between(0, 0.1);
  const across = (u: number) => (u - centre) / halfWidth;
  // The corner at the nose lies lower than the outer one.
  const base = (t: number) => 0.25 + tilt * t * nose;
  const arch = (t: number, power: number, lean: number) => {
    const leaned = t + lean * (1 - t * t);
    return 1 - Math.min(1, Math.abs(leaned)) ** power;
  };
  // Each arch is scaled so that it passes the iris at the wanted height.
  const upperHeight = (rise + base(-centre / halfWidth)) / arch(-centre / halfWidth, upperPower, upperSkew);
  const lowerHeight = (fall - base(-centre / halfWidth)) / arch(-centre / halfWidth, lowerPower, lowerSkew);
  const curve = (formula: (t: number) => number) => tabulated((u) => formula(Math.min(1.5, Math.max(-1.5, across(u)))));
  return {
    upper: curve((t) => base(t) - upperHeight * arch(t, upperPower, upperSkew)),
    lower: curve((t) => base(t) + lowerHeight * arch(t, lowerPower, lowerSkew)),
    across,
    left: centre - halfWidth,
    right: centre + halfWidth,
  };
}

/** A function of u over [-8, 8] as a table: lids are asked for at every pixel. */
function tabulated(f: (u: number) => number): (u: number) => number {
  const steps = 4096;
  const reach = 8;
  const table = Float32Array.from({ length: steps + 2 }, (_, i) => f((i / steps) * 2 * reach - reach));
  return (u) => {
    const at = ((Math.min(reach, Math.max(-reach, u)) + reach) / (2 * reach)) * steps;
    const i = Math.floor(at);
    return table[i] + (table[i + 1] - table[i]) * (at - i);
  };
}

/** Calls `paint(i, u, v)` for every pixel centre, with its place in eye units and its index. */
export function forEachPixel(scene: Scene, paint: (i: number, u: number, v: number) => void): void {
  const { width, height, cx, cy, cos, sin } = scene;
  const unit = 1 / scene.scale;
  for (let y = 0, i = 0; y < height; y++) {
    const dy = (y + 0.5 - cy) * unit;
    for (let x = 0; x < width; x++, i++) {
      const dx = (x + 0.5 - cx) * unit;
      paint(i, dx * cos + dy * sin, dy * cos - dx * sin);
    }
  }
}

/** A place in eye units as pixels, corner origin. */
export function toPixels(scene: Scene, u: number, v: number): readonly [number, number] {
  return [
    scene.cx + scene.scale * (u * scene.cos - v * scene.sin),
    scene.cy + scene.scale * (u * scene.sin + v * scene.cos),
  ];
}

/** Limbus and pupil as the picture shows them. */
export function sceneGeometry(scene: Scene): IrisGeometry {
  const angleDegrees = (Math.atan2(scene.sin, scene.cos) * 180) / Math.PI;
  const [px, py] = toPixels(scene, scene.pupil.u, scene.pupil.v);
  const pupilRadius = scene.pupil.radius * scene.scale;
  return {
    limbus: { cx: scene.cx, cy: scene.cy, a: scene.scale, b: scene.scale * scene.limbusRatio, angleDegrees },
    pupil: { cx: px, cy: py, a: pupilRadius, b: pupilRadius * scene.limbusRatio, angleDegrees },
    frameWidth: scene.width,
    frameHeight: scene.height,
  };
}
