import { randomBytes } from 'node:crypto';

/** A text and bytes that stand nowhere else in the world: where they are found, something of their person is left. */
export interface Canary {
  /** Letters and digits, to be put into names and addresses. */
  readonly text: string;
  readonly bytes: Uint8Array;
}

const BYTES = 48;

export function newCanary(): Canary {
  return { text: `canary${randomBytes(10).toString('hex')}`, bytes: randomBytes(BYTES) };
}

/** JPEG markers (ITU-T T.81, table B.1): start of image, and comment. */
const START_BYTES = 2;
const COMMENT = 0xfe;

/** The same JPEG with the canary's text in a comment and its bytes behind the picture; `n` makes each one different. */
export function withCanary(jpeg: Uint8Array, { text, bytes }: Canary, n: number): Uint8Array {
  const comment = Buffer.from(`${text} ${n}`);
  const segment = Buffer.from([0xff, COMMENT, 0, comment.length + 2, ...comment]);
  return Buffer.concat([jpeg.subarray(0, START_BYTES), segment, jpeg.subarray(START_BYTES), bytes, Buffer.from([n])]);
}

/** What to look for in a file or a dump: a name for the report, and the bytes. */
export interface Needle {
  readonly name: string;
  readonly bytes: Buffer;
}

/** Every form that a text takes in files and dumps: as it is, in hexadecimal digits, and in base64 at each alignment. */
export function needlesOf(name: string, value: string | Uint8Array): Needle[] {
  const bytes = Buffer.from(value as string);
  const base64 = [0, 1, 2].map((skipped) => {
    const whole = bytes.subarray(skipped, bytes.length - ((bytes.length - skipped) % 3));
    return { name: `${name} in base64`, bytes: Buffer.from(whole.toString('base64')) };
  });
  return [
    { name, bytes },
    { name: `${name} in hexadecimal digits`, bytes: Buffer.from(bytes.toString('hex')) },
    ...base64,
  ];
}
