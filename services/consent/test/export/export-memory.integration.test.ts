import { once } from 'node:events';
import { isRealS3Installed, startRealS3, temporaryFolder, until } from '@irisvue/testing';
import { describe, expect, test } from 'vitest';
import { packingScene } from './packing-scene.ts';

const MIB = 1024 * 1024;
const FILE_MIB = 16;
/** What a worker may have resident above what it had before it began. */
const BOUND_MIB = 128;

async function packedIn(storeUrl: string, totalMib: number): Promise<{ sizeMib: number; grownMib: number }> {
  await using scene = await packingScene({ storeUrl });
  const paths = Array.from({ length: totalMib / FILE_MIB }, (_, index) => `photos/${index}.jpg`);
  await scene.hold(Buffer.alloc(FILE_MIB * MIB, 7), paths);
  const id = await scene.ask();
  const { child, memory } = await scene.startWorker();
  await until(async () => (await scene.open(id)).state === 'completed', {
    what: 'that it is packed',
    limitMs: 200_000,
  });
  child.send('how much memory');
  const [most] = (await once(child, 'message')) as [number];
  return { sizeMib: Number((await scene.open(id)).size_bytes) / MIB, grownMib: (most - memory) / MIB };
}

describe(`a worker grows by less than ${BOUND_MIB} MiB`, () => {
  test('while it packs 512 MiB into a folder', { timeout: 240_000 }, async () => {
    await using folder = await temporaryFolder('store');
    const { sizeMib, grownMib } = await packedIn(`file://${folder.path}`, 512);
    expect(sizeMib).toBeGreaterThan(512);
    expect(grownMib).toBeLessThan(BOUND_MIB);
  });

  test.skipIf(!isRealS3Installed())('while it packs 256 MiB into a bucket of S3', { timeout: 240_000 }, async () => {
    await using s3 = await startRealS3();
    const { sizeMib, grownMib } = await packedIn(s3.storeUrl('exports'), 256);
    expect(sizeMib).toBeGreaterThan(256);
    expect(grownMib).toBeLessThan(BOUND_MIB);
  });
});
