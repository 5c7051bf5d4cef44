import type { Image } from '@irisvue/vision';
import type { EyeNetwork } from '../eye-network.ts';
import type { EyeAnswer } from './eye-answer.ts';
import type { Oval } from './oval.ts';
import { sampleSquare } from './sample-square.ts';
import { type Square, squareAround, toPhoto } from './square.ts';

/** Side of the square that the outline network looks at, in iris diameters. */
export const lookWidth = 2;
/** Most looks at one eye: a second one where the first square was off. */
const mostLooks = 2;
/** A square is off when the limbus lies further from its middle, in shares of its side, or differs more in size. */
const tolerated = { offset: 0.06, size: 0.15 } as const;
/** A first look that says less of an eye, in shares of the limit, does not know where a better square is. */
const leastHint = 0.5;
/** Shortest side of a look, in pixels: below is nothing to see. Longest, in longer sides of the photo. */
const shortestLook = 24;
const longestLook = 2.2;

/**
 * Looks closely at an iris of about the given place and size, in photo pixels, and once more at the square that the
 * first answer would have liked better. `leastPresence` is the least probability of an eye.
 */
export async function outlineEye(
  photo: Image,
  iris: Pick<Oval, 'cx' | 'cy' | 'r'>,
  network: EyeNetwork,
  leastPresence: number,
): Promise<EyeAnswer> {
  const longest = longestLook * Math.max(photo.width, photo.height);
  const squareOf = ({ cx, cy, r }: Pick<Oval, 'cx' | 'cy' | 'r'>): Square => {
    const side = Math.min(Math.max(lookWidth * 2 * r, shortestLook), longest);
    return squareAround({ cx, cy, r: side / 2 / lookWidth }, lookWidth);
  };
  let square = squareOf(iris);
  for (let looks = 1; ; looks++) {
    const answer = await network.look(sampleSquare(photo, square, network.size), square);
    const { presence, limbus } = answer.expected;
    const better = squareOf(toPhoto(limbus, square, network.size));
    if (looks === mostLooks || presence < leastHint * leastPresence || !isOff(square, better)) return answer;
    square = better;
  }
}

function isOff(square: Square, better: Square): boolean {
  const dx = better.x + better.side / 2 - square.x - square.side / 2;
  const dy = better.y + better.side / 2 - square.y - square.side / 2;
  return (
    Math.hypot(dx, dy) > tolerated.offset * square.side || Math.abs(better.side / square.side - 1) > tolerated.size
  );
}
