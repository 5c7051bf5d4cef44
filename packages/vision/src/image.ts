/** An sRGB picture, 8 bits a channel, RGB interleaved, rows from the top: `data.length === width * height * 3`. */
export interface Image {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
}

/** One 8-bit channel. A mask holds 0 or 255 (or soft values between); a label map holds {@link Label} values. */
export interface Mask {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
}

/** Values of a label map. */
export const Label = { other: 0, sclera: 1, iris: 2, pupil: 3 } as const;
export type Label = (typeof Label)[keyof typeof Label];

/** A black picture. */
export function blackImage(width: number, height: number): Image {
  return { width, height, data: new Uint8Array(width * height * 3) };
}

/** A mask of zeros. */
export function emptyMask(width: number, height: number): Mask {
  return { width, height, data: new Uint8Array(width * height) };
}
