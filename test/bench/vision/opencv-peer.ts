import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { decodePicture, encodePng, type Image } from '@irisvue/vision';
import type { PastedGlare } from './pasted-glare.ts';

/** Where Debian's python3-opencv is, whatever another Python stands first in the path. */
const python = '/usr/bin/python3';

/** OpenCV in a Python process that fills one hole after the other. */
export interface OpencvPeer extends AsyncDisposable {
  fill(pasted: PastedGlare): Promise<Image>;
}

/** The peer with a folder of its own, which is gone when it is disposed of; undefined where OpenCV is not installed. */
export async function openOpencvPeer(): Promise<OpencvPeer | undefined> {
  if (spawnSync(python, ['-c', 'import cv2']).status !== 0) return undefined;
  const folder = await mkdtemp(join(tmpdir(), 'irisvue-bench-'));
  const stem = join(folder, 'fill');
  const child = spawn(python, [join(import.meta.dirname, 'opencv-peer.py')], { stdio: ['pipe', 'pipe', 'inherit'] });
  const exited = once(child, 'exit');
  const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    fill: async ({ image, hole }) => {
      await writeFile(`${stem}.glare.png`, await encodePng(image));
      await writeFile(`${stem}.hole.png`, await encodePng(hole));
      child.stdin.write(`${stem}\n`);
      if ((await answers.next()).done) throw new Error('the Python process of the OpenCV peer ended');
      return decodePicture(await readFile(`${stem}.telea.png`));
    },
    [Symbol.asyncDispose]: async () => {
      child.stdin.end();
      await exited;
      await rm(folder, { recursive: true });
    },
  };
}
