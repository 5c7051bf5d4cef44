import type { FusionArrangement } from '@irisvue/contracts/irisvue/fusion/v1/fusion_service';
import type { Image, Mask } from '@irisvue/vision';
import type { SeamlessClone } from '../opencv-engine.ts';
import { cloneMask } from './clone-mask.ts';
import type { StandardIris } from './standard-iris.ts';

interface Blending {
  readonly arrangement: FusionArrangement;
  readonly shares: readonly Mask[];
  readonly standard: StandardIris;
  readonly clone: SeamlessClone;
}

/**
 * Blends the fibres of each iris into the picture of their colours: where it has its place, the stronger of both
 * gradients wins. Yields after each iris. @throws what the engine throws
 */
export async function* blendFibres(
  colours: Image,
  fitted: readonly Image[],
  { arrangement, shares, standard, clone }: Blending,
): AsyncGenerator<undefined, Image> {
  let picture = colours;
  for (const [k, iris] of fitted.entries()) {
    picture = await clone(picture, iris, cloneMask(arrangement, shares, k, standard));
    yield;
  }
  return picture;
}
