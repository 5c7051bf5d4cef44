import { type Image, resizeImage } from '@irisvue/vision';
import type { Circle } from './find-pupil.ts';
import { contrast, type Plane, redPlane, valueAt } from './plane.ts';
import { ramp } from './ramp.ts';

/** Longest side of the pictures that circles are searched in: coarsely everywhere, then finely around the best. */
const coarseSide = 128;
const fineSide = 512;
/** Smallest and largest radius that is tried, in shares of the longer side. */
const radiusRange = [0.035, 0.48] as const;
const radiusRatio = 1.08;
/** Where the tones inside and outside the border are taken, in radii. */
const insideAt = 0.9;
const outsideAt = 1.1;
/** Directions from the centre, in degrees below the horizontal: the parts of a limbus that lids leave free. */
const directions = [-25, -17, -9, -1, 7, 15, 23, 31, 39].map((degrees) => (degrees * Math.PI) / 180);
/** More contrast than this makes no better limbus: a pupil in a pale iris has more. */
const enoughContrast = 0.3;

/** A limbus found without a net, in photo pixels. */
export interface FoundLimbus {
  readonly circle: Circle;
  /** Contrast of the weaker side, 0 to 1, and of the dark middle. */
  readonly evidence: number;
}

/**
 * Finds the limbus by its contrast: an integro-differential search after Daugman (PAMI 1993), kept to the sides.
 * 1) shrink, red channel 2) for every centre and radius compare tones just inside and outside, left and right; the
 * weaker side counts, so that a nose or a lid alone makes no iris 3) favour bright surroundings and a dark middle
 * 4) refine around the best. Evidence is low where either side or the middle fails.
 */
export async function findLimbus(photo: Image): Promise<FoundLimbus> {
  const coarse = await redAt(photo, coarseSide);
  const white = brightTone(coarse);
  const rough = searchAll(coarse, white);
  const fine = await redAt(photo, fineSide);
  const scale = fine.width / coarse.width;
  const circle = refine(fine, white, { cx: rough.cx * scale, cy: rough.cy * scale, radius: rough.radius * scale });
  const toPhoto = photo.width / fine.width;
  return {
    circle: { cx: circle.cx * toPhoto, cy: circle.cy * toPhoto, radius: circle.radius * toPhoto },
    evidence: weigh(fine, circle),
  };
}

async function redAt(photo: Image, longestSide: number): Promise<Plane> {
  const scale = Math.min(1, longestSide / Math.max(photo.width, photo.height));
  return redPlane(await resizeImage(photo, Math.round(photo.width * scale), Math.round(photo.height * scale), 'area'));
}

/** The tone that one pixel in ten exceeds. */
function brightTone({ data }: Plane): number {
  const sorted = data.toSorted();
  return Math.max(1, sorted[Math.floor(sorted.length * 0.9)]);
}

function searchAll(plane: Plane, white: number): Circle {
  const longest = Math.max(plane.width, plane.height);
  let best: Circle = { cx: plane.width / 2, cy: plane.height / 2, radius: radiusRange[0] * longest };
  let bestScore = Number.NEGATIVE_INFINITY;
  for (let radius = radiusRange[0] * longest; radius <= radiusRange[1] * longest; radius *= radiusRatio) {
    for (let cy = 0.5; cy < plane.height; cy++) {
      for (let cx = 0.5; cx < plane.width; cx++) {
        const score = likeness(plane, white, { cx, cy, radius });
        if (score <= bestScore) continue;
        bestScore = score;
        best = { cx, cy, radius };
      }
    }
  }
  return best;
}

/** Walks to better circles by ever smaller steps. */
function refine(plane: Plane, white: number, start: Circle): Circle {
  let best = start;
  let bestScore = likeness(plane, white, start);
  for (let step = start.radius * 0.08; step >= 0.5; step /= 2) {
    for (let moved = true; moved; ) {
      moved = false;
      for (const [dx, dy, dr] of neighbours) {
        const next = { cx: best.cx + dx * step, cy: best.cy + dy * step, radius: best.radius + dr * step };
        const score = likeness(plane, white, next);
        if (score <= bestScore) continue;
        best = next;
        bestScore = score;
        moved = true;
      }
    }
  }
  return best;
}

const neighbours = [
  [1, 0, 0],
  [-1, 0, 0],
  [0, 1, 0],
  [0, -1, 0],
  [0, 0, 1],
  [0, 0, -1],
  [1, 0, 1],
  [-1, 0, 1],
  [1, 0, -1],
  [-1, 0, -1],
] as const;

/** Mean contrast and outer tone of one side; `way` is 1 to the right, −1 to the left. */
function side(plane: Plane, { cx, cy, radius }: Circle, way: 1 | -1): { contrast: number; outside: number } {
  let sum = 0;
  let outer = 0;
  for (const angle of directions) {
    const dx = way * Math.cos(angle) * radius;
    const dy = Math.sin(angle) * radius;
    const inside = valueAt(plane, cx + insideAt * dx, cy + insideAt * dy);
    const outside = valueAt(plane, cx + outsideAt * dx, cy + outsideAt * dy);
    sum += Math.min(enoughContrast, contrast(inside, outside));
    outer += outside;
  }
  return { contrast: sum / directions.length, outside: outer / directions.length };
}

/** How much darker the middle is than the ring halfway to the border. */
function middleContrast(plane: Plane, { cx, cy, radius }: Circle): number {
  let middle = valueAt(plane, cx, cy);
  let ring = 0;
  for (let k = 0; k < 8; k++) {
    const dx = Math.cos((k * Math.PI) / 4) * radius;
    const dy = Math.sin((k * Math.PI) / 4) * radius;
    middle += valueAt(plane, cx + 0.12 * dx, cy + 0.12 * dy);
    ring += valueAt(plane, cx + 0.6 * dx, cy + 0.6 * dy);
  }
  return contrast(middle / 9, ring / 8);
}

function likeness(plane: Plane, white: number, circle: Circle): number {
  const left = side(plane, circle, -1);
  const right = side(plane, circle, 1);
  const surroundings = Math.min(1, Math.min(left.outside, right.outside) / white);
  const middle = Math.min(enoughContrast, Math.max(0, middleContrast(plane, circle)));
  return Math.min(left.contrast, right.contrast) * (0.15 + surroundings) + 0.4 * middle;
}

function weigh(plane: Plane, circle: Circle): number {
  const weaker = Math.min(side(plane, circle, -1).contrast, side(plane, circle, 1).contrast);
  return Math.min(ramp(weaker, 0.05, 0.25), ramp(middleContrast(plane, circle), -0.05, 0.15));
}
