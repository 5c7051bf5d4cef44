import { connectedRegions, dilate, regionOf } from './cell-regions.ts';
import type { ClassMap } from './class-map.ts';
import { enclosingRadius } from './enclosing-radius.ts';

/** Regions smaller than this share of the largest one are crumbs. */
const smallestShare = 0.1;
/** Cells; below, shape means nothing. */
const fewestCells = 9;
/** Width of the ring in which sclera is looked for, in shares of the square root of the area. */
const ringWidth = 0.12;
/** A pupil of 5 % of the eye's area is as good as any larger one. */
const fullPupilShare = 0.05;

/** A region of iris and pupil, with what speaks for its being an eye; each from 0 to 1. */
export interface EyeCandidate {
  /** Cell numbers. */
  readonly cells: Int32Array;
  /** Area by that of the smallest circle around it. */
  readonly roundness: number;
  /** Mean probability of sclera in a ring around it. */
  readonly scleraContact: number;
  /** Expected pupil area by the smallest one that is normal. */
  readonly pupilShare: number;
  /** Mean probability of iris or pupil inside. */
  readonly certainty: number;
  /** All of it in one number, to compare regions of one picture. */
  readonly likeness: number;
}

/**
 * Regions that may be an eye, the likeliest first: 1) cells whose probability of iris or pupil is above `threshold`
 * 2) connected regions, without crumbs 3) ordered by size, roundness, contact with sclera and a pupil. Size counts
 * little, so that a large patch of cloth does not beat an eye.
 */
export function eyeCandidates(map: ClassMap, threshold: number): EyeCandidate[] {
  const region = map.iris.map((iris, i) => (iris + map.pupil[i] > threshold ? 1 : 0));
  const regions = connectedRegions(Uint8Array.from(region), map.size);
  const largest = regions.reduce((most, cells) => Math.max(most, cells.length), 0);
  return regions
    .filter((cells) => cells.length >= smallestShare * largest && cells.length >= fewestCells)
    .map((cells) => describe(cells, map))
    .filter(({ likeness }) => likeness > 0)
    .sort((p, q) => q.likeness - p.likeness);
}

/** Exponents and offsets were chosen on the development photos: no single cue may veto the others. */
function eyeLikeness({ cells, roundness, scleraContact, pupilShare }: Omit<EyeCandidate, 'likeness'>): number {
  return cells.length ** 0.35 * roundness * (0.15 + scleraContact) * (0.3 + pupilShare);
}

function describe(cells: Int32Array, map: ClassMap): EyeCandidate {
  const { size } = map;
  const area = cells.length;
  const inside = regionOf(cells, size);
  const around = dilate(inside, size, Math.max(2, Math.floor(ringWidth * Math.sqrt(area))));
  let ring = 0;
  let sclera = 0;
  for (let i = 0; i < around.length; i++) {
    if (!around[i] || inside[i]) continue;
    ring++;
    sclera += map.sclera[i];
  }
  let pupil = 0;
  let eye = 0;
  for (const cell of cells) {
    pupil += map.pupil[cell];
    eye += map.pupil[cell] + map.iris[cell];
  }
  const candidate = {
    cells,
    roundness: Math.min(1, area / (Math.PI * enclosingRadius(cells, size) ** 2)),
    scleraContact: ring > 0 ? sclera / ring : 0,
    pupilShare: Math.min(1, pupil / (fullPupilShare * area)),
    certainty: eye / area,
  };
  return { ...candidate, likeness: eyeLikeness(candidate) };
}
