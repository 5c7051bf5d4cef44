import { FusionArrangement } from '@irisvue/contracts/irisvue/fusion/v1/fusion_service';
import { emptyMask, type Mask } from '@irisvue/vision';
import { smoothStep } from './smooth-step.ts';
import type { StandardIris } from './standard-iris.ts';

/** How wide two sectors run into each other: an angle, in turns, but never less than a share of the limbus radius. */
const SEAM_TURNS = 30 / 360;
const SEAM_RADII = 0.14;
/** The pupil is the base's alone. It ends within this band, in pupil radii. */
export const PUPIL_EDGE = [0.92, 1.04] as const;

/**
 * How much of each pixel's colour comes from each iris: one mask for each, together 255 everywhere.
 *
 * 1) sectors: iris k has the k-th of equal sectors, clockwise from the top, with soft seams; overlay: all have the same;
 * 2) the pupil is the base's; 3) where an iris is behind a lid, its share goes to the first one that is visible there;
 * 4) what nobody shows stays with the one whose place it is.
 *
 * @param visible for each iris, what {@link visiblePart} found
 */
export function shareCircle(
  arrangement: FusionArrangement,
  visible: readonly Mask[],
  standard: StandardIris,
): readonly Mask[] {
  const { size, cx, cy } = standard;
  const count = visible.length;
  const shares = visible.map(() => emptyMask(size, size));
  const wanted = new Float64Array(count);
  const got = new Float64Array(count);
  for (let y = 0, i = 0; y < size; y++)
    for (let x = 0; x < size; x++, i++) {
      wantedShares(arrangement, x + 0.5 - cx, y + 0.5 - cy, standard, wanted);
      handOver(wanted, visible, i, got);
      let left = 255;
      for (let k = count - 1; k > 0; k--) left -= shares[k]!.data[i] = Math.round(255 * got[k]!);
      shares[0]!.data[i] = Math.max(0, left);
    }
  return shares;
}

/** Steps 1 and 2: shares that add up to 1 at (dx, dy) from the centre. */
function wantedShares(
  arrangement: FusionArrangement,
  dx: number,
  dy: number,
  { radius, pupilRadius }: StandardIris,
  out: Float64Array,
): void {
  const distance = Math.sqrt(dx * dx + dy * dy);
  if (arrangement === FusionArrangement.OVERLAY) out.fill(1 / out.length);
  else sectorShares(dx, dy, Math.max(SEAM_TURNS * 2 * Math.PI * distance, SEAM_RADII * radius), out);
  const iris = smoothStep(PUPIL_EDGE[0] * pupilRadius, PUPIL_EDGE[1] * pupilRadius, distance);
  if (iris === 1) return;
  for (let k = 0; k < out.length; k++) out[k]! *= iris;
  out[0]! += 1 - iris;
}

/** Sectors with seams `seamPx` wide. */
function sectorShares(dx: number, dy: number, seamPx: number, out: Float64Array): void {
  const count = out.length;
  // In turns, clockwise from the top, 0 to 1.
  const angle = (Math.atan2(dx, -dy) / (2 * Math.PI) + 1) % 1;
  const sector = Math.min(count - 1, Math.floor(angle * count));
  out.fill(0);
  out[sector] = 1;
  const intoSector = angle - sector / count;
  const toNext = 1 / count - intoSector;
  const isPast = intoSector < toNext;
  const turns = Math.min(intoSector, toNext);
  // Distance to the nearer seam, a ray from the centre.
  const distance = Math.sqrt(dx * dx + dy * dy) * (turns < 0.25 ? Math.sin(2 * Math.PI * turns) : 1);
  const other = (sector + (isPast ? count - 1 : 1)) % count;
  out[other] = 1 - smoothStep(-seamPx / 2, seamPx / 2, distance);
  out[sector] = 1 - out[other]!;
}

/** Steps 3 and 4, for pixel i. */
function handOver(wanted: Float64Array, visible: readonly Mask[], i: number, got: Float64Array): void {
  let free = 1;
  for (let k = 0; k < got.length; k++) {
    got[k] = wanted[k]! * (visible[k]!.data[i]! / 255);
    free -= got[k]!;
  }
  for (let k = 0; k < got.length && free > 1e-6; k++) {
    const taken = free * (visible[k]!.data[i]! / 255);
    got[k]! += taken;
    free -= taken;
  }
  for (let k = 0; k < got.length; k++) got[k]! += free * wanted[k]!;
}
