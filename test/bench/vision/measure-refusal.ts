import type { Image } from '@irisvue/vision';
import { committedHashes, hashOf } from '../no-eye/hashes.ts';
import { noEyePictures } from '../no-eye/pictures.ts';
import { type Method, productBounds } from './methods.ts';
import type { Progress } from './progress.ts';

/** What one method said of one picture without an eye. */
export interface RefusalScore {
  readonly name: string;
  readonly kind: string;
  readonly method: string;
  /** The reason; absent when the picture was taken for an eye. */
  readonly refused?: string;
  /** What the reason is about, as measured: evidence for an eye from 0 to 1, when the reason is NO_EYE. */
  readonly measured?: number;
}

/**
 * Shows the fixed pictures without an eye to each method under the product's bounds.
 * @param see is shown what the first method took for an eye. @throws when a picture is not the committed one.
 */
export async function measureRefusal(
  methods: readonly Method[],
  progress: Progress,
  see: (name: string, image: Image) => void,
): Promise<RefusalScore[]> {
  const scores: RefusalScore[] = [];
  const hashes = committedHashes();
  for (const [done, { name, kind, render }] of noEyePictures.entries()) {
    progress('no eye', done, noEyePictures.length);
    const image = render();
    if (hashOf(image) !== hashes.get(name)) throw new Error(`${name} is not the picture of pictures.sha256`);
    for (const [rank, method] of methods.entries()) {
      const answer = await method.find(image, productBounds);
      if ('refused' in answer) {
        scores.push({ name, kind, method: method.name, refused: answer.refused, measured: answer.measured });
      } else {
        scores.push({ name, kind, method: method.name });
        if (rank === 0) see(name, image);
      }
    }
  }
  return scores;
}
