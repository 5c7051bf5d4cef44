import { type Image, Label, type Mask, meanRadius } from '@irisvue/vision';
import type { IrisCrop } from '../../../services/enhancement/src/iris-crop.ts';
import { type Random, randomOf } from '../random.ts';
import { emptyMaskLike } from './mask-score.ts';

/** Lights to paste: a small lamp, a window with its bar, a large ring lamp of which a part is seen. */
export const glareShapes = ['small lamp', 'window', 'ring lamp'] as const;
export type GlareShape = (typeof glareShapes)[number];

/** A crop with a light pasted on. */
export interface PastedGlare {
  readonly image: Image;
  /** 255 wherever the light changed the picture at all, its soft edge included. */
  readonly hole: Mask;
  /** 255 where nothing of the iris shows through: the hole without the light's soft edge. */
  readonly hidden: Mask;
}

/** The lens smears the light's edge over this share of the limbus radius. */
const edge = 0.02;
/** The light's own colour: nearly white, overexposed in its middle. */
const light = [252, 253, 255];
/** From this cover on, less than two grey levels of the iris come through. */
const hiddenFrom = 0.99;
/** Tries to find a place before the eye is left out. */
const tries = 400;
/** Least share of the hole that lies on the iris; the rest lies on the pupil, as lights often do. */
const leastOnIris = 0.8;

/**
 * Pastes a light on clean iris: not on lids, nor on a highlight that is there already, at a place and turn that follow
 * from `name` and shape alone. Undefined when there is no such place.
 */
export function pasteGlare(crop: IrisCrop, glare: Mask, shape: GlareShape, name: string): PastedGlare | undefined {
  const random = randomOf(`${name} ${shape}`);
  for (let i = 0; i < tries; i++) {
    const cover = drawLight(crop, shape, random);
    if (cover && isClean(cover, crop, glare)) return paste(crop.image, cover);
  }
  return undefined;
}

/** Pixels that the light covers, with its share of each. */
type Cover = ReadonlyMap<number, number>;

function drawLight({ image, geometry }: IrisCrop, shape: GlareShape, random: Random): Cover | undefined {
  const radius = meanRadius(geometry.limbus);
  const angle = random.between(0, 2 * Math.PI);
  const rho = random.between(0.35, 0.9) * radius;
  const turn = random.between(-0.4, 0.4);
  const cx = geometry.limbus.cx + rho * Math.cos(angle);
  const cy = geometry.limbus.cy + rho * Math.sin(angle);
  const depth = depthOf(shape);
  const cover = new Map<number, number>();
  const reach = Math.ceil(0.5 * radius);
  for (let y = Math.floor(cy) - reach; y <= cy + reach; y++) {
    for (let x = Math.floor(cx) - reach; x <= cx + reach; x++) {
      const u = (x + 0.5 - cx) / radius;
      const v = (y + 0.5 - cy) / radius;
      const inside = depth(u * Math.cos(turn) + v * Math.sin(turn), v * Math.cos(turn) - u * Math.sin(turn));
      const share = Math.min(1, Math.max(0, 0.5 + inside / edge));
      if (share < 1 / 128) continue;
      if (x < 0 || y < 0 || x >= image.width || y >= image.height) return undefined;
      cover.set(y * image.width + x, share);
    }
  }
  return cover;
}

/** How far inside its outline a point is, in limbus radii; negative outside. The light's middle is at 0, 0. */
function depthOf(shape: GlareShape): (u: number, v: number) => number {
  const box = (u: number, v: number, halfWidth: number, halfHeight: number): number =>
    Math.min(halfWidth - Math.abs(u), halfHeight - Math.abs(v));
  switch (shape) {
    case 'small lamp':
      return (u, v) => 0.06 - Math.hypot(u, v);
    case 'window':
      return (u, v) => Math.min(box(u, v, 0.12, 0.15), Math.abs(u) - 0.012);
    case 'ring lamp':
      // A sixth of a ring of radius 0.5, 0.11 wide.
      return (u, v) => Math.min(0.055 - Math.abs(Math.hypot(u, v + 0.5) - 0.5), 0.26 - Math.abs(u), v + 0.5);
    default:
      return shape satisfies never;
  }
}

function isClean(cover: Cover, { labels }: IrisCrop, glare: Mask): boolean {
  let onIris = 0;
  for (const at of cover.keys()) {
    if (labels.data[at] < Label.iris || glare.data[at] > 0) return false;
    if (labels.data[at] === Label.iris) onIris++;
  }
  return onIris >= leastOnIris * cover.size;
}

function paste(clean: Image, cover: Cover): PastedGlare {
  const image = { ...clean, data: new Uint8Array(clean.data) };
  const hole = emptyMaskLike(clean);
  const hidden = emptyMaskLike(clean);
  for (const [at, share] of cover) {
    hole.data[at] = 255;
    if (share >= hiddenFrom) hidden.data[at] = 255;
    for (let c = 0; c < 3; c++) {
      image.data[at * 3 + c] = Math.round(clean.data[at * 3 + c] + share * (light[c] - clean.data[at * 3 + c]));
    }
  }
  return { image, hole, hidden };
}
