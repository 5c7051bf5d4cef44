import { Label, type Mask } from '@irisvue/vision';
import type { PolarFrame, PolarPlace } from './polar-frame.ts';

/** Rings of the iris and sectors of a turn in which brightness is compared. */
const rings = 8;
const sectors = 12;
const levels = 256;
/** Pixels that a cell needs before its own statistics are trusted. */
const trustedFrom = 48;
/** Deviation of a Gaussian over its median absolute deviation. */
const deviationOverMad = 1.4826;
/** Sensor noise and JPEG alone give about this deviation, in grey levels: a flatter region is not believed. */
const leastDeviation = 3;
/** A part may be this many deviations brighter than the whole before it is held to be lit by a highlight itself. */
const brighterThanWhole = 2;

/** What is usual around a pixel. */
export interface Surroundings {
  /** Median whiteness near a place, in grey levels. */
  usual(place: PolarPlace): number;
  /** Robust deviation of whiteness near a place, in grey levels. */
  deviation(place: PolarPlace): number;
  /** Whiteness of the brightest thing that the picture shows in this light: the sclera, or the brightest iris. */
  readonly white: number;
}

interface Statistics {
  readonly median: number;
  readonly deviation: number;
}

/**
 * Measures what is usual in an iris: 1) median and deviation of whiteness for each ring, for each cell of ring and
 * sector, and for the pupil; 2) a cell that is much brighter than its ring, or has too few pixels, counts as its ring,
 * and such a ring as the whole iris: it holds the highlight; 3) between cell centres linear in angle and radius.
 */
export function measureSurroundings(whiteness: Float32Array, labels: Mask, frame: PolarFrame): Surroundings {
  const cells = Array.from({ length: rings * sectors }, () => new Uint32Array(levels));
  const ringed = Array.from({ length: rings }, () => new Uint32Array(levels));
  const pupil = new Uint32Array(levels);
  const iris = new Uint32Array(levels);
  const sclera = new Uint32Array(levels);
  forEachLabelled(labels, (i, x, y, label) => {
    const value = Math.round(whiteness[i]);
    if (label === Label.sclera) sclera[value]++;
    else if (label === Label.pupil) pupil[value]++;
    else {
      const { rho, angle } = frame.place(x, y);
      const ring = Math.min(rings - 1, Math.max(0, Math.floor(rho * rings)));
      const sector = Math.floor((angle / (2 * Math.PI) + 1) * sectors) % sectors;
      cells[ring * sectors + sector][value]++;
      ringed[ring][value]++;
      iris[value]++;
    }
  });
  const all = statistics(iris) ?? { median: 0, deviation: leastDeviation };
  const ringStatistics = ringed.map((histogram) => unlessLit(statistics(histogram), all));
  const cellStatistics = cells.map((histogram, at) =>
    unlessLit(statistics(histogram), ringStatistics[Math.floor(at / sectors)]),
  );
  const inPupil = statistics(pupil) ?? all;
  const read = ({ rho, angle }: PolarPlace, key: keyof Statistics) =>
    rho < 0 ? inPupil[key] : between(cellStatistics, rho, angle, key);
  return {
    usual: (place) => read(place, 'median'),
    deviation: (place) => read(place, 'deviation'),
    white: Math.max(quantile(sclera, 0.9) ?? 0, quantile(iris, 0.9) ?? 0),
  };
}

/** Calls `visit` for sclera, iris and pupil pixels with their centres. */
function forEachLabelled(labels: Mask, visit: (i: number, x: number, y: number, label: number) => void): void {
  for (let y = 0, i = 0; y < labels.height; y++) {
    for (let x = 0; x < labels.width; x++, i++) {
      if (labels.data[i] !== Label.other) visit(i, x + 0.5, y + 0.5, labels.data[i]);
    }
  }
}

/** The part's own statistics, unless it is so much brighter than the whole that it must hold the highlight. */
function unlessLit(part: Statistics | undefined, whole: Statistics): Statistics {
  return part && part.median < whole.median + brighterThanWhole * whole.deviation ? part : whole;
}

function statistics(histogram: Uint32Array): Statistics | undefined {
  const total = histogram.reduce((sum, n) => sum + n, 0);
  if (total < trustedFrom) return undefined;
  const median = quantile(histogram, 0.5) ?? 0;
  const distances = new Uint32Array(levels);
  histogram.forEach((n, value) => {
    distances[Math.abs(value - median)] += n;
  });
  const mad = quantile(distances, 0.5) ?? 0;
  return { median, deviation: Math.max(leastDeviation, deviationOverMad * mad) };
}

function quantile(histogram: Uint32Array, share: number): number | undefined {
  const total = histogram.reduce((sum, n) => sum + n, 0);
  if (total === 0) return undefined;
  let seen = 0;
  for (let value = 0; value < levels; value++) {
    seen += histogram[value];
    if (seen > share * total) return value;
  }
  return levels - 1;
}

function between(cells: readonly Statistics[], rho: number, angle: number, key: keyof Statistics): number {
  const r = Math.min(rings - 1, Math.max(0, rho * rings - 0.5));
  const a = (((angle / (2 * Math.PI)) * sectors - 0.5) % sectors) + sectors;
  const r0 = Math.floor(r);
  const r1 = Math.min(rings - 1, r0 + 1);
  const a0 = Math.floor(a) % sectors;
  const a1 = (a0 + 1) % sectors;
  const fr = r - r0;
  const fa = a - Math.floor(a);
  const inner = cells[r0 * sectors + a0][key] * (1 - fa) + cells[r0 * sectors + a1][key] * fa;
  const outer = cells[r1 * sectors + a0][key] * (1 - fa) + cells[r1 * sectors + a1][key] * fa;
  return inner * (1 - fr) + outer * fr;
}
