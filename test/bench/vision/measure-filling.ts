import type { Image, Mask } from '@irisvue/vision';
import { fillHighlights } from '../../../services/enhancement/src/steps/fill-highlights.ts';
import type { OpencvPeer } from './opencv-peer.ts';
import { type GlareShape, glareShapes, pasteGlare } from './pasted-glare.ts';
import { psnr, ssim } from './picture-score.ts';
import type { TrueCrop } from './true-crop.ts';

export interface PictureFigures {
  /** In dB. */
  readonly psnr: number;
  readonly ssim: number;
}

/** Figures of the hole, and the PSNR of that part of it through which nothing of the iris shows. */
export interface FillFigures extends PictureFigures {
  readonly hiddenPsnr: number;
}

/** One pasted light, filled. Figures are of the hole's pixels alone. */
export interface FillingScore {
  readonly name: string;
  readonly group: string;
  readonly shape: GlareShape;
  readonly ours: FillFigures;
  /** Telea, radius 3; absent where OpenCV is not installed. */
  readonly telea?: FillFigures;
  /** Pixels outside the hole that are not what they were, bit by bit. */
  readonly changedOutside: number;
}

/** A fill with what is needed to show it. */
export interface Filling {
  readonly score: FillingScore;
  readonly clean: Image;
  readonly filled: Image;
  readonly hole: Mask;
}

/** Pastes each light on the eye, where there is room for it, and fills it. */
export async function measureFilling(
  { crop, glare }: TrueCrop,
  { name, group }: { readonly name: string; readonly group: string },
  peer: OpencvPeer | undefined,
): Promise<Filling[]> {
  const fillings: Filling[] = [];
  for (const shape of glareShapes) {
    const pasted = pasteGlare(crop, glare, shape, name);
    if (!pasted) continue;
    const { hole, hidden } = pasted;
    const figures = (image: Image): FillFigures => ({
      psnr: psnr(image, crop.image, hole),
      ssim: ssim(image, crop.image, hole),
      hiddenPsnr: psnr(image, crop.image, hidden),
    });
    const filled = await fillHighlights({ ...crop, image: pasted.image }, hole);
    const telea = peer && figures(await peer.fill(pasted));
    const outside = changedOutside(filled, pasted.image, hole);
    const score = { name, group, shape, ours: figures(filled), telea, changedOutside: outside };
    fillings.push({ score, clean: crop.image, filled, hole });
  }
  return fillings;
}

/** Pixels that differ where the hole is not. */
export function changedOutside(after: Image, before: Image, hole: Mask): number {
  let count = 0;
  for (let i = 0; i < hole.data.length; i++) {
    if (hole.data[i] > 0) continue;
    const at = i * 3;
    const same =
      after.data[at] === before.data[at] &&
      after.data[at + 1] === before.data[at + 1] &&
      after.data[at + 2] === before.data[at + 2];
    if (!same) count++;
  }
  return count;
}
