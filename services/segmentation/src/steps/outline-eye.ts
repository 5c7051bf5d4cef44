import type { Image } from '@irisvue/vision';
import type { EyeNetwork } from '../eye-network.ts';
import type { EyeAnswer } from './eye-answer.ts';
import type { Oval } from './oval.ts';
import { sampleSquare } from './sample-square.ts';
import { squareAround, toPhoto } from './square.ts';

/**
 * Sides of the squares that the outline network looks at, in iris diameters: where limbus and pupil lie is told best
 * with much of the eye around them, what lids and lashes leave visible best from close by.
 */
export const lookWidths = { wide: 2.24, close: 1.8 } as const;
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
 * first answer would have liked better, since answers lean to the middle of the square 2) closely, at where it lies then.
 * `leastPresence` is the least probability of an eye.
 */
export async function outlineEye(
  photo: Image,
  iris: Pick<Oval, 'cx' | 'cy' | 'r'>,
  network: EyeNetwork,
  leastPresence: number,
): Promise<EyeLooks> {
  const longest = longestLook * Math.max(photo.width, photo.height);
  const lookAt = async ({ cx, cy, r }: Pick<Oval, 'cx' | 'cy' | 'r'>, width: number): Promise<EyeAnswer> => {
    const side = Math.min(Math.max(width * 2 * r, shortestLook), longest);
    const square = squareAround({ cx, cy, r: side / 2 / width }, width);
    return network.look(sampleSquare(photo, square, network.size), square);
  };
  const hinted = ({ expected }: EyeAnswer): boolean => expected.presence >= leastHint * leastPresence;
  const limbusOf = ({ expected, map }: EyeAnswer): Oval => toPhoto(expected.limbus, map.square, map.size);
  const first = await lookAt(iris, lookWidths.wide);
  if (!hinted(first)) return { wide: first, close: first };
  const wide = await lookAt(limbusOf(first), lookWidths.wide);
  if (!hinted(wide)) return { wide, close: wide };
  return { wide, close: await lookAt(limbusOf(wide), lookWidths.close) };
}
