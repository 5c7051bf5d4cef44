import { emptyMask, type Image, type IrisGeometry, Label, type Mask, meanRadius } from '@irisvue/vision';
import { makePolarFrame } from './polar-frame.ts';
import { measureSurroundings } from './surroundings.ts';
import { measureWhiteness, smoothInside } from './whiteness.ts';

/** Highlights of an iris. */
export interface Highlights {
  /** 255 where pixels are to be replaced: the highlight and its halo. */
  readonly hole: Mask;
  /** Number of separate highlights. */
  readonly count: number;
}

/** A highlight starts where whiteness is this many deviations above its surroundings … */
const seedDeviations = 2.5;
/** … and this share of the way from its surroundings to white. */
const seedShare = 0.6;
/** From there it spreads over neighbours that still stand out by this much. */
const spreadDeviations = 1.5;
const spreadShare = 0.28;
/** Fibres are thinner than this share of the limbus radius, highlights thicker: seeds are looked for in the mean. */
const smoothShare = 0.022;
/** The lens smears a highlight over about this share of the limbus radius. */
const haloShare = 0.028;
/** Smaller spots than this share of the limbus radius squared are noise. */
const leastAreaShare = 6e-5;
/** An iris of which more than this share is white is overexposed: there is nothing to fill from. */
const mostShare = 0.33;
/** Near the pupil's border the brighter of pupil and iris is usual: no border is known to the pixel. In rho. */
const borderBand = 0.12;

/**
 * Finds specular highlights in an iris crop, relative to what is usual around each pixel (no fixed brightness):
 * 1) whiteness (bright and colourless); 2) usual whiteness and its deviation by ring and sector; 3) hysteresis: seeds
 * that stand out far, spread to neighbours that stand out less; 4) specks dropped; 5) grown by the halo.
 *
 * @param labels {@link Label} values, as large as the crop. Only iris and pupil are searched and marked.
 */
export function findHighlights(crop: Image, labels: Mask, geometry: IrisGeometry): Highlights {
  const frame = makePolarFrame(geometry);
  const radius = meanRadius(geometry.limbus);
  const whiteness = measureWhiteness(crop, labels);
  const smooth = smoothInside(whiteness, labels, Math.max(1, Math.round(smoothShare * radius)));
  const surroundings = measureSurroundings(smooth, labels, frame);
  const strength = gradeAll(labels, (i, x, y) => {
    const place = frame.place(x, y);
    let usual = surroundings.usual(place);
    if (geometry.pupil && Math.abs(place.rho) < borderBand) {
      const further = (borderBand * radius) / 2;
      usual = Math.max(usual, surroundings.usual(frame.place(x + place.outX * further, y + place.outY * further)));
    }
    const toWhite = Math.max(1, surroundings.white - usual);
    const deviation = surroundings.deviation(place);
    const broad = smooth[i] - usual;
    if (broad >= seedDeviations * deviation && broad >= seedShare * toWhite) return seed;
    const fine = Math.max(whiteness[i], smooth[i]) - usual;
    return fine >= spreadDeviations * deviation && fine >= spreadShare * toWhite ? spread : none;
  });
  const spots = connect(strength, Math.max(3, leastAreaShare * radius * radius));
  const hole = emptyMask(crop.width, crop.height);
  const region = labels.data.reduce((n, label) => n + (isEye(label) ? 1 : 0), 0);
  const marked = spots.reduce((n, spot) => n + spot.length, 0);
  if (marked === 0 || marked > mostShare * region) return { hole, count: 0 };
  for (const spot of spots) grow(hole, labels, spot, Math.round(1 + haloShare * radius));
  return { hole, count: spots.length };
}

const none = 0;
const spread = 1;
const seed = 2;

function isEye(label: number): boolean {
  return label === Label.iris || label === Label.pupil;
}

function gradeAll(labels: Mask, grade: (i: number, x: number, y: number) => number): Mask {
  const strength = emptyMask(labels.width, labels.height);
  for (let y = 0, i = 0; y < labels.height; y++) {
    for (let x = 0; x < labels.width; x++, i++) {
      if (isEye(labels.data[i])) strength.data[i] = grade(i, x + 0.5, y + 0.5);
    }
  }
  return strength;
}

/** Connected spots (8 neighbours) of at least `leastArea` pixels that hold a seed, as lists of pixel indices. */
function connect(strength: Mask, leastArea: number): number[][] {
  const { width, height } = strength;
  const left = Uint8Array.from(strength.data);
  const spots: number[][] = [];
  for (let start = 0; start < left.length; start++) {
    if (left[start] !== seed) continue;
    const spot = [start];
    left[start] = none;
    for (let head = 0; head < spot.length; head++) {
      const x = spot[head] % width;
      const y = (spot[head] - x) / width;
      for (let v = Math.max(0, y - 1); v <= Math.min(height - 1, y + 1); v++) {
        for (let u = Math.max(0, x - 1); u <= Math.min(width - 1, x + 1); u++) {
          const at = v * width + u;
          if (left[at] === none) continue;
          left[at] = none;
          spot.push(at);
        }
      }
    }
    if (spot.length >= leastArea) spots.push(spot);
  }
  return spots;
}

/** Marks all iris and pupil pixels within `radius` pixels of a spot. */
function grow(hole: Mask, labels: Mask, spot: readonly number[], radius: number): void {
  const { width, height } = hole;
  const inSpot = new Set(spot);
  for (const at of spot) {
    hole.data[at] = 255;
    const x = at % width;
    const y = (at - x) / width;
    const interior = inSpot.has(at - 1) && inSpot.has(at + 1) && inSpot.has(at - width) && inSpot.has(at + width);
    if (interior) continue;
    for (let v = Math.max(0, y - radius); v <= Math.min(height - 1, y + radius); v++) {
      for (let u = Math.max(0, x - radius); u <= Math.min(width - 1, x + radius); u++) {
        if ((u - x) ** 2 + (v - y) ** 2 > radius * radius) continue;
        if (isEye(labels.data[v * width + u])) hole.data[v * width + u] = 255;
      }
    }
  }
}
