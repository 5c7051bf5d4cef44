import { createHash, randomBytes } from 'node:crypto';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import type { RequestListener } from 'node:http';
import { join } from 'node:path';
import { temporaryFolder } from '@irisvue/testing';
import { describe, expect, test } from 'vitest';
import { type Download, partOf, resumeDownload } from '../src/privacy/resume-download.ts';
import { serveLocally } from './model-server.ts';

const BYTES = randomBytes(3_000_000);
const sha256 = createHash('sha256').update(BYTES).digest('hex');

interface Asked {
  readonly from: number;
}

/** Serves BYTES by ranges; `cut` says after how many bytes the connection of a request is cut, counted from 0. */
function server(asked: Asked[], cut: (index: number) => number | undefined): RequestListener {
  return (request, response) => {
    const from = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0);
    const index = asked.push({ from }) - 1;
    const rest = BYTES.subarray(from);
    response.writeHead(206, {
      'content-length': rest.length,
      'content-range': `bytes ${from}-${BYTES.length - 1}/${BYTES.length}`,
    });
    const length = cut(index);
    if (length === undefined) response.end(rest);
    else response.write(rest.subarray(0, length), () => response.destroy());
  };
}

async function scene(cut: (index: number) => number | undefined, over: Partial<Download> = {}) {
  const folder = await temporaryFolder('resume');
  const asked: Asked[] = [];
  const links: string[] = [];
  const served = await serveLocally(server(asked, cut));
  const download: Download = {
    link: async () => {
      links.push(`${served.url}/${links.length}`);
      return links.at(-1)!;
    },
    file: join(folder.path, 'export.zip'),
    sizeBytes: BYTES.length,
    sha256,
    onProgress: () => undefined,
    signal: new AbortController().signal,
    pauseMs: 1,
    ...over,
  };
  return {
    asked,
    links,
    download,
    names: () => readdir(folder.path),
    async [Symbol.asyncDispose]() {
      await served[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
    },
  };
}

test('a transfer that is cut three times goes on where it was cut, each time by a fresh link', async () => {
  const seen: number[] = [];
  await using at = await scene((index) => (index < 3 ? 500_000 : undefined), {
    onProgress: (bytes) => seen.push(bytes),
  });
  await resumeDownload(at.download);
  expect(Buffer.compare(await readFile(at.download.file), BYTES)).toBe(0);
  expect(at.asked).toHaveLength(4);
  expect(at.links).toHaveLength(4);
  const starts = at.asked.map(({ from }) => from);
  expect(starts[0]).toBe(0);
  expect(starts.toSorted((a, b) => a - b)).toEqual(starts);
  expect(starts[3]).toBeGreaterThan(0);
  expect(seen.toSorted((a, b) => a - b)).toEqual(seen);
  expect(await at.names()).toEqual(['export.zip']);
});

test('what an earlier call brought is not asked for again', async () => {
  await using at = await scene(() => undefined);
  await writeFile(partOf(at.download), BYTES.subarray(0, 1_000_000));
  await resumeDownload(at.download);
  expect(at.asked).toEqual([{ from: 1_000_000 }]);
  expect(Buffer.compare(await readFile(at.download.file), BYTES)).toBe(0);
});

test('a call that is stopped leaves its part, and no file', async () => {
  const stop = new AbortController();
  await using at = await scene((index) => (index < 1 ? 500_000 : undefined), {
    signal: stop.signal,
    onProgress: (bytes) => bytes > 100_000 && stop.abort(new Error('stopped')),
  });
  await expect(resumeDownload(at.download)).rejects.toThrow('stopped');
  expect(await at.names()).toEqual([expect.stringMatching(/\.part$/)]);
});

describe('it is refused', () => {
  test('when the bytes are others; they are removed', async () => {
    await using at = await scene(() => undefined, { sha256: 'a'.repeat(64) });
    await expect(resumeDownload(at.download)).rejects.toThrow('not what was announced');
    expect(await at.names()).toEqual([]);
  });

  test('when more comes than was announced', async () => {
    await using at = await scene(() => undefined, { sizeBytes: 1_000 });
    await expect(resumeDownload(at.download)).rejects.toThrow('more came than the 1000 bytes');
  });

  test('when five tries in a row bring nothing', async () => {
    await using at = await scene(() => 0);
    await expect(resumeDownload(at.download)).rejects.toThrow();
    expect(at.asked).toHaveLength(5);
  });

  test('when the file is there already', async () => {
    await using at = await scene(() => undefined);
    await writeFile(at.download.file, 'somebody’s work');
    await expect(resumeDownload(at.download)).rejects.toThrow('is there already');
    expect(await readFile(at.download.file, 'utf8')).toBe('somebody’s work');
  });
});
