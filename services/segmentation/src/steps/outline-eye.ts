import type { Image } from '@irisvue/vision';
import type { EyeNetwork } from '../eye-network.ts';
import type { EyeAnswer } from './eye-answer.ts';
import type { Oval } from './oval.ts';
import { sampleSquare } from './sample-square.ts';
import { type Square, squareAround, toPhoto } from './square.ts';

/**
 * Sides of the squares that the outline network looks at, in iris diameters: where limbus and pupil lie is told best
 * with much of the eye around them, what lids and lashes leave visible best from close by.
 */
export const lookWidths = { wide: 2.24, close: 1.8 } as const;
/** Most wide looks at one eye: a second one where the first square was off. */
const mostWideLooks = 2;
/** A square is off when the limbus lies further from its middle, in shares of its side, or differs more in size. */
const tolerated = { offset: 0.03, size: 0.08 } as const;
/** A first look that says less of an eye, in shares of the limit, does not know where a better square is. */
const leastHint = 0.5;
/** Shortest side of a look, in pixels: below is nothing to see. Longest, in longer sides of the photo. */
const shortestLook = 24;
const longestLook = 2.2;

/** The two looks at one eye. Where the wide one shows none, the close one is the same. */
export interface EyeLooks {
  readonly wide: EyeAnswer;
  readonly close: EyeAnswer;
}

/** Probability of an eye: both looks have to see it. */
export function presenceOf({ wide, close }: EyeLooks): number {
  return Math.min(wide.expected.presence, close.expected.presence);
}

/**
 * Looks at an iris of about the given place and size, in photo pixels: 1) widely, and once more at the square that the
 * first answer would have liked better 2) closely, at where it lies then. `leastPresence` is the least probability of an
 * eye.
 */
export async function outlineEye(
  photo: Image,
  iris: Pick<Oval, 'cx' | 'cy' | 'r'>,
  network: EyeNetwork,
  leastPresence: number,
): Promise<EyeLooks> {
  const longest = longestLook * Math.max(photo.width, photo.height);
  const squareOf = ({ cx, cy, r }: Pick<Oval, 'cx' | 'cy' | 'r'>, width: number): Square => {
    const side = Math.min(Math.max(width * 2 * r, shortestLook), longest);
    return squareAround({ cx, cy, r: side / 2 / width }, width);
  };
  const look = (square: Square) => network.look(sampleSquare(photo, square, network.size), square);
  let square = squareOf(iris, lookWidths.wide);
  for (let looks = 1; ; looks++) {
    const wide = await look(square);
    if (wide.expected.presence < leastHint * leastPresence) return { wide, close: wide };
    const limbus = toPhoto(wide.expected.limbus, square, network.size);
    const better = squareOf(limbus, lookWidths.wide);
    if (looks === mostWideLooks || !isOff(square, better)) {
      return { wide, close: await look(squareOf(limbus, lookWidths.close)) };
    }
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
