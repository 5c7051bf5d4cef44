import type { Image } from '@irisvue/vision';
import { distanceFrom } from '../src/steps/ellipse-distance.ts';
import { type Oval, radiusTowards, toEllipse } from '../src/steps/oval.ts';

/** Probabilities of a disc, `size` × `size`: 1 inside, 0 outside, falling over `softness` cells across the border. */
export function paintDisc(oval: Oval, size: number, softness = 1): Float32Array {
  const radius = radiusTowards(oval);
  return Float32Array.from({ length: size * size }, (_, i) => {
    const dx = (i % size) + 0.5 - oval.cx;
    const dy = Math.floor(i / size) + 0.5 - oval.cy;
    const beyond = Math.hypot(dx, dy) - radius(Math.atan2(dy, dx));
    return Math.min(1, Math.max(0, 0.5 - beyond / softness));
  });
}

/** Numbers from 0 to 1 in a fixed sequence. */
export function seededNoise(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

/** An eye on a painted face, in pixels. The lids are parabolas that open `upper` and `lower` radii at the middle. */
export interface PaintedEye {
  readonly limbus: Oval;
  readonly pupil?: Oval;
  readonly upper: number;
  readonly lower: number;
}

/** Half the width of an eye's opening, in limbus radii. */
const openingWidth = 2.6;
const colours = {
  skin: [204, 0, 0],
  sclera: [255, 255, 255],
  iris: [0, 204, 0],
  pupil: [0, 0, 204],
  lidOverIris: [204, 0, 204],
} as const;

/** Height of a lid of a painted eye at a column. */
export function lidHeight({ limbus, upper, lower }: PaintedEye, x: number, side: 'upper' | 'lower'): number {
  const opening = 1 - ((x - limbus.cx) / (openingWidth * limbus.r)) ** 2;
  return limbus.cy + (side === 'upper' ? -upper : lower) * limbus.r * opening;
}

/** A face with eyes, in the colours that the tiny model of test/models understands. */
export function paintFace(width: number, height: number, eyes: readonly PaintedEye[]): Image {
  const painters = eyes.map(painterOf);
  const data = new Uint8Array(width * height * 3);
  for (let i = 0; i < width * height; i++) {
    const x = (i % width) + 0.5;
    const y = Math.floor(i / width) + 0.5;
    let part: keyof typeof colours = 'skin';
    for (const painter of painters) if (part === 'skin') part = painter(x, y);
    data.set(colours[part], i * 3);
  }
  return { width, height, data };
}

function painterOf(eye: PaintedEye): (x: number, y: number) => keyof typeof colours {
  const inLimbus = insideOf(eye.limbus);
  const inPupil = eye.pupil ? insideOf(eye.pupil) : () => false;
  return (x, y) => {
    const open = y > lidHeight(eye, x, 'upper') && y < lidHeight(eye, x, 'lower');
    if (!open) return inLimbus(x, y) ? 'lidOverIris' : 'skin';
    if (inPupil(x, y)) return 'pupil';
    return inLimbus(x, y) ? 'iris' : 'sclera';
  };
}

function insideOf(oval: Oval): (x: number, y: number) => boolean {
  const distance = distanceFrom(toEllipse(oval));
  return (x, y) => distance(x, y) < 0;
}

/** Paints a square over a picture, in place. */
export function paintSpot(image: Image, x: number, y: number, side: number, part: keyof typeof colours): void {
  for (let row = y; row < y + side; row++) {
    for (let column = x; column < x + side; column++) image.data.set(colours[part], (row * image.width + column) * 3);
  }
}
