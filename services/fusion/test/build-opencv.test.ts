import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { findSystemOpencv, opencvDir } from '../src/build-opencv.ts';
import { isOpencvBuilt, loadOpencv } from '../src/opencv-engine.ts';

test('findSystemOpencv reads the version, and says what to run where there is none', async () => {
  await using stack = new AsyncDisposableStack();
  const root = await mkdtemp(join(tmpdir(), 'irisvue-opencv-'));
  stack.defer(() => rm(root, { recursive: true }));
  expect(() => findSystemOpencv(root)).toThrow('apt-get install --no-install-recommends libopencv-dev');
  const headers = join(root, 'include/opencv4/opencv2/core');
  await mkdir(headers, { recursive: true });
  const lines = ['MAJOR    4', 'MINOR    6', 'REVISION 0'].map((part) => `#define CV_VERSION_${part}`);
  await writeFile(join(headers, 'version.hpp'), lines.join('\n'));
  expect(findSystemOpencv(root)).toMatchObject({ version: '4.6.0', includeDir: join(root, 'include/opencv4') });
});

test('the cache folder is named after all that the binary depends on', () => {
  expect(opencvDir('4.6.0', '/cache')).toBe(`/cache/irisvue/opencv-7.1.2-4.6.0-node${process.versions.modules}`);
});

test('a folder without a build is told, and does not load', async () => {
  await using stack = new AsyncDisposableStack();
  const empty = await mkdtemp(join(tmpdir(), 'irisvue-opencv-'));
  stack.defer(() => rm(empty, { recursive: true }));
  expect(isOpencvBuilt(empty)).toBe(false);
  expect(() => loadOpencv(empty)).toThrow('@u4/opencv4nodejs');
});
