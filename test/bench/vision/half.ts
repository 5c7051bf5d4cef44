import { createHash } from 'node:crypto';

/** The half that settings are tuned on, and the half that is looked at rarely. */
export type Half = 'a' | 'b';

/**
 * Which half a photo belongs to, for ever, whatever else lies in its folder: the parity of the first byte of the
 * SHA-256 of its file name (with its ending, without its folder); even is a.
 */
export function halfOf(fileName: string): Half {
  return createHash('sha256').update(fileName).digest()[0] % 2 === 0 ? 'a' : 'b';
}
