import { connectedRegions } from './cell-regions.ts';
import type { EyeAnswer, EyeMap } from './eye-answer.ts';
import { type EyeCandidate, eyeCandidates } from './eye-candidates.ts';

/** Most places that are worth a close look. */
const mostStarts = 3;
/** What an eye that the network points at directly gains over other regions, at full presence. */
const pointedAt = 1;
/** A disc of the limbus belongs to a region when its area is this many times the region's: lids hide the rest. */
const discShare = [0.9, 3] as const;
/** The visible part of an iris has about 83 % of its whole area, so its diameter is that much more. */
const hiddenPart = 1.1;

/** A place where an eye may be, in cells of the map: where its iris is about. */
export interface EyeStart {
  readonly cx: number;
  readonly cy: number;
  readonly r: number;
  /** To compare places of one picture; 0 for one that only the direct answer speaks for. */
  readonly likeness: number;
}

/**
 * The places of a searched photo that deserve a close look, the likeliest first, at most three: regions of iris and
 * pupil with the discs they belong to, those first that the direct answer points at. When it is sure of an eye where no
 * region is, its own place comes last. `threshold` is the least probability of iris or pupil, `leastPresence` that of
 * an eye.
 */
export function eyeStarts({ map, expected }: EyeAnswer, threshold: number, leastPresence: number): EyeStart[] {
  const discs = connectedRegions(
    Uint8Array.from(map.limbusDisc, (p) => (p > 0.5 ? 1 : 0)),
    map.size,
  );
  const { presence, limbus } = expected;
  const regions = eyeCandidates(map, threshold)
    .slice(0, mostStarts)
    .map((candidate) => {
      const circle = circleOf(candidate, discs, map);
      const bonus = isSame(circle, limbus) ? pointedAt * presence : 0;
      return { ...circle, likeness: candidate.likeness * (1 + bonus) };
    })
    .sort((p, q) => q.likeness - p.likeness);
  const unseen = presence >= leastPresence && limbus.r > 0 && !regions.some((circle) => isSame(circle, limbus));
  const direct = { cx: limbus.cx, cy: limbus.cy, r: limbus.r, likeness: 0 };
  return [...regions, ...(unseen ? [direct] : [])].slice(0, mostStarts);
}

interface PlainCircle {
  readonly cx: number;
  readonly cy: number;
  readonly r: number;
}

/** The circle of the disc that most of the region lies in, or else of the region itself, a little larger. */
function circleOf({ cells }: EyeCandidate, discs: readonly Int32Array[], { size }: EyeMap): PlainCircle {
  const inRegion = new Set(cells);
  for (const disc of discs) {
    const share = disc.length / cells.length;
    if (share < discShare[0] || share > discShare[1]) continue;
    const common = disc.reduce((count, cell) => count + (inRegion.has(cell) ? 1 : 0), 0);
    if (common > cells.length / 2) return areaCircle(disc, size);
  }
  const circle = areaCircle(cells, size);
  return { ...circle, r: hiddenPart * circle.r };
}

/** The circle with the area and the centre of cells. */
function areaCircle(cells: Int32Array, size: number): PlainCircle {
  let x = 0;
  let y = 0;
  for (const cell of cells) {
    x += (cell % size) + 0.5;
    y += Math.floor(cell / size) + 0.5;
  }
  return { cx: x / cells.length, cy: y / cells.length, r: Math.sqrt(cells.length / Math.PI) };
}

/** Whether two circles mean the same eye: each holds the other's centre, and they are about as large. */
function isSame(p: PlainCircle, q: PlainCircle): boolean {
  const distance = Math.hypot(p.cx - q.cx, p.cy - q.cy);
  const ratio = p.r / q.r;
  return distance < Math.min(p.r, q.r) && ratio > 0.5 && ratio < 2;
}
