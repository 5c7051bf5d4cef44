import { type Ellipse, Label, type Mask, meanRadius } from '@irisvue/vision';

/** Depth of a place below a lid's edge in pixels, negative behind the lid; exact at the edge, first order nearby. */
export type LidDepth = (x: number, y: number) => number;

/** A lid is the border where the label map ends this share of the limbus radius inside the limbus. */
const apartShare = 0.025;
/** At the corners a lid and the limbus cannot be told apart: columns up to this share of the limbus' half width. */
const widthShare = 0.96;
/** A lid that is seen in less than this share of the limbus radius is no lid but a flaw of the label map. */
const leastShare = 0.15;
/** Reweighted fits; by then nothing moves. */
const rounds = 12;
/** Keeps the bend small, as a share of the fourth moment that a lid across the whole limbus has. */
const stiffness = 2e-4;
/** Places further from the curve than this share of the limbus radius are lashes or flaws and count ever less. */
const robustShare = 0.03;
/** Share of the places of the label border that shall lie outside the curve: a lid's rim must not show. */
const outsideShare = 0.9;

/**
 * The edges of the lids as smooth curves, for a label map whose border wavers. For each lid: 1) in each column of the
 * limbus the outermost iris, where it ends well inside the limbus; 2) a parabola through these places by reweighted
 * least squares (Cauchy weights), so that lashes do not bend it; 3) moved inwards until nearly all of the label border
 * lies outside. Beyond its ends a curve goes on straight. The head is taken to be upright.
 */
export function fitLidCurves(labels: Mask, limbus: Ellipse): LidDepth[] {
  return ([1, -1] as const).flatMap((inwards) => {
    const places = lidBorder(labels, limbus, inwards);
    return places.length > 0 ? [depthBelow(fitLid(places, inwards), places, limbus, inwards)] : [];
  });
}

interface Place {
  readonly x: number;
  readonly y: number;
}

/** Where the lid is the border, in limbus radii from its centre, left to right. `inwards` 1: upper lid, -1: lower. */
function lidBorder(labels: Mask, limbus: Ellipse, inwards: 1 | -1): Place[] {
  const { width, height, data } = labels;
  const radius = meanRadius(limbus);
  const turn = (limbus.angleDegrees * Math.PI) / 180;
  const halfWidth = Math.hypot(limbus.a * Math.cos(turn), limbus.b * Math.sin(turn));
  const places: Place[] = [];
  const left = Math.max(0, Math.ceil(limbus.cx - widthShare * halfWidth));
  const right = Math.min(width - 1, Math.floor(limbus.cx + widthShare * halfWidth));
  const step = Math.max(1, Math.floor(radius / 200));
  for (let x = left; x <= right; x += step) {
    const ends = limbusColumn(limbus, x + 0.5);
    if (!ends) continue;
    const start = inwards > 0 ? ends[0] : ends[1];
    let y = Math.min(height - 1, Math.max(0, Math.floor(start)));
    const stop = inwards > 0 ? Math.min(height - 1, ends[1]) : Math.max(0, ends[0]);
    while ((stop - y) * inwards > 0 && data[y * width + x] < Label.iris) y += inwards;
    const rim = inwards > 0 ? y : y + 1;
    const seen = (stop - y) * inwards > 0;
    if (!seen || (rim - start) * inwards < apartShare * radius) continue;
    places.push({ x: (x + 0.5 - limbus.cx) / radius, y: (rim - limbus.cy) / radius });
  }
  return places.length * step >= leastShare * radius ? places : [];
}

/** Upper and lower end of the ellipse in the column at x. */
function limbusColumn(e: Ellipse, x: number): readonly [top: number, bottom: number] | undefined {
  const turn = (e.angleDegrees * Math.PI) / 180;
  const [cos, sin] = [Math.cos(turn), Math.sin(turn)];
  const dx = x - e.cx;
  // ((dx·cos + dy·sin) / a)² + ((dy·cos - dx·sin) / b)² = 1, solved for dy.
  const square = (sin / e.a) ** 2 + (cos / e.b) ** 2;
  const mixed = dx * sin * cos * (1 / e.a ** 2 - 1 / e.b ** 2);
  const rest = (dx * cos) ** 2 / e.a ** 2 + (dx * sin) ** 2 / e.b ** 2 - 1;
  const inside = mixed * mixed - square * rest;
  if (inside <= 0) return undefined;
  const root = Math.sqrt(inside);
  return [e.cy + (-mixed - root) / square, e.cy + (-mixed + root) / square];
}

/** Height over x: constant, linear and square term. */
type Parabola = readonly [number, number, number];

/** The lid's edge, moved inwards so that `outsideShare` of the places lie outside. */
function fitLid(places: readonly Place[], inwards: 1 | -1): Parabola {
  let curve = fitParabola(places, () => 1);
  for (let round = 0; round < rounds; round++) {
    const before = curve;
    curve = fitParabola(places, ({ x, y }) => 1 / (1 + ((y - heightAt(before, x)) / robustShare) ** 2));
  }
  const within = places.map(({ x, y }) => (y - heightAt(curve, x)) * inwards).sort((a, b) => a - b);
  const shift = Math.max(0, within[Math.floor(outsideShare * (within.length - 1))]);
  return [curve[0] + shift * inwards, curve[1], curve[2]];
}

function heightAt([constant, linear, square]: Parabola, x: number): number {
  return constant + x * (linear + x * square);
}

/** Weighted least squares by the normal equations, Cramer's rule; places far fewer than three wide give a line. */
function fitParabola(places: readonly Place[], weigh: (place: Place) => number): Parabola {
  const moments = [0, 0, 0, 0, 0];
  const heights = [0, 0, 0];
  for (const place of places) {
    let term = weigh(place);
    for (let power = 0; power < 5; power++, term *= place.x) {
      moments[power] += term;
      if (power < 3) heights[power] += term * place.y;
    }
  }
  const [m0, m1, m2, m3, m4] = moments;
  const [h0, h1, h2] = heights;
  // The smallest bend that explains the places: a short lid does not curl.
  const bend = m4 + stiffness * m0;
  const whole = determinant(m0, m1, m2, m1, m2, m3, m2, m3, bend);
  return [
    determinant(h0, m1, m2, h1, m2, m3, h2, m3, bend) / whole,
    determinant(m0, h0, m2, m1, h1, m3, m2, h2, bend) / whole,
    determinant(m0, m1, h0, m1, m2, h1, m2, m3, h2) / whole,
  ];
}

function determinant(
  a: number,
  b: number,
  c: number,
  d: number,
  e: number,
  f: number,
  g: number,
  h: number,
  i: number,
): number {
  return a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g);
}

/** Depth below a curve given in limbus radii; beyond its first and last place the curve goes on straight. */
function depthBelow(curve: Parabola, places: readonly Place[], limbus: Ellipse, inwards: 1 | -1): LidDepth {
  const radius = meanRadius(limbus);
  const first = places[0].x;
  const last = places[places.length - 1].x;
  return (px, py) => {
    const x = (px - limbus.cx) / radius;
    const near = Math.min(last, Math.max(first, x));
    const slope = curve[1] + 2 * curve[2] * near;
    const height = heightAt(curve, near) + slope * (x - near);
    return (((py - limbus.cy) / radius - height) * inwards * radius) / Math.hypot(1, slope);
  };
}
