/**
 * The SHA-256 of each picture's raw pixels (RGB, row by row), as committed in pictures.sha256.
 *
 *   node test/bench/no-eye/hashes.ts > test/bench/no-eye/pictures.sha256     after a picture was changed on purpose
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Image } from '@irisvue/vision';
import { noEyePictures } from './pictures.ts';

export function hashOf(image: Image): string {
  return createHash('sha256').update(image.data).digest('hex');
}

/** Hash by name, as committed. */
export function committedHashes(): ReadonlyMap<string, string> {
  const lines = readFileSync(join(import.meta.dirname, 'pictures.sha256'), 'utf8')
    .trimEnd()
    .split('\n');
  return new Map(lines.map((line) => [line.slice(66), line.slice(0, 64)]));
}

if (import.meta.main) for (const { name, render } of noEyePictures) console.log(`${hashOf(render())}  ${name}`);
