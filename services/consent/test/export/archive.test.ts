import { createHash } from 'node:crypto';
import { Readable, Writable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { unzipped } from '@irisvue/testing';
import { describe, expect, test } from 'vitest';
import { type ArchivedFile, type ArchiveFile, archiveOf } from '../../src/export/archive.ts';

const MODIFIED = new Date('2026-11-21T12:00:00Z');
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

function file(path: string, bytes: Uint8Array, over: Partial<ArchiveFile> = {}): ArchiveFile {
  return { path, compress: false, open: async () => Readable.from([bytes]), ...over };
}

function packed(files: AsyncIterable<ArchiveFile> | readonly ArchiveFile[], signal = new AbortController().signal) {
  const told: ArchivedFile[] = [];
  async function* each() {
    yield* files;
  }
  return { told, archive: archiveOf(each(), { modified: MODIFIED, onFile: (one) => told.push(one), signal }) };
}

test('what goes in comes out, and each file is told of with its length and SHA-256', async () => {
  const bytes = {
    'a/picture.jpg': Buffer.alloc(300_000, 7),
    'a/text.json': Buffer.from('{"ä": 1}'),
    empty: Buffer.alloc(0),
  };
  const { told, archive } = packed(
    Object.entries(bytes).map(([path, body]) => file(path, body, { compress: path.endsWith('json') })),
  );
  const files = await unzipped(await buffer(archive));
  expect([...files.keys()]).toEqual(Object.keys(bytes));
  for (const [path, body] of Object.entries(bytes)) expect(files.get(path)).toEqual(body);
  expect(told).toEqual(
    Object.entries(bytes).map(([path, body]) => ({ path, sizeBytes: body.length, sha256: sha256(body) })),
  );
});

test('the next file is asked for when the one before was read, so a list of all can be the last', async () => {
  const told: ArchivedFile[] = [];
  async function* files() {
    yield file('one', Buffer.from('1'));
    yield file('two', Buffer.from('22'));
    yield file('list', Buffer.from(told.map((each) => `${each.sha256} ${each.path}`).join('\n')));
  }
  const onFile = (one: ArchivedFile) => told.push(one);
  const archive = archiveOf(files(), { modified: MODIFIED, onFile, signal: new AbortController().signal });
  const list = (await unzipped(await buffer(archive))).get('list')!.toString();
  expect(list).toBe(`${sha256(Buffer.from('1'))} one\n${sha256(Buffer.from('22'))} two`);
});

describe('bytes in memory', () => {
  const MIB = 1024 * 1024;
  const CHUNK = Buffer.alloc(64 * 1024, 1);
  const FILES = 16;
  const CHUNKS = 64; // 64 MiB in all

  test('are at most 1 MiB when the reader is slow, however long the archive is', async () => {
    let read = 0;
    let written = 0;
    let most = 0;
    async function* chunks() {
      for (let index = 0; index < CHUNKS; index += 1) {
        read += CHUNK.length;
        most = Math.max(most, read - written);
        yield CHUNK;
      }
    }
    const { archive } = packed(
      Array.from({ length: FILES }, (_, index) =>
        file(`${index}`, CHUNK, { open: async () => Readable.from(chunks(), { highWaterMark: 1 }) }),
      ),
    );
    const slow = new Writable({
      write(chunk: Buffer, _encoding, done) {
        setImmediate(() => {
          written += chunk.length;
          done();
        });
      },
    });
    await pipeline(archive, slow);
    expect(read).toBe(FILES * CHUNKS * CHUNK.length);
    expect(written).toBeGreaterThan(read);
    expect(most).toBeLessThan(MIB);
  });

  test('are not read on while nobody reads the archive', async () => {
    let opened = 0;
    const { archive } = packed(
      Array.from({ length: FILES }, (_, index) =>
        file(`${index}`, CHUNK, {
          open: async () => {
            opened += 1;
            return Readable.from([CHUNK, CHUNK]);
          },
        }),
      ),
    );
    await new Promise((resolve) => archive.once('readable', resolve));
    for (let turn = 0; turn < 1_000; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    expect(opened).toBeGreaterThan(0);
    expect(opened).toBeLessThan(4);
    archive.destroy();
  });
});

describe('an archive fails', () => {
  const failing = async function* () {
    yield Buffer.from('the first bytes');
    throw new Error('the store is gone');
  };
  test.each([
    [
      'with what a file throws',
      [file('x', Buffer.alloc(0), { open: async () => Readable.from(failing()) })],
      'the store is gone',
    ],
    [
      'with what opening a file throws',
      [file('x', Buffer.alloc(0), { open: () => Promise.reject(new Error('no such object')) })],
      'no such object',
    ],
    ['when a path comes twice', [file('x', Buffer.from('1')), file('x', Buffer.from('2'))], 'x comes twice'],
    ['when a path leads out of it', [file('../x', Buffer.from('1'))], /invalid relative path/],
    [
      'when a file is not as long as was said',
      [file('x', Buffer.from('123'), { sizeBytes: 4 })],
      /unexpected number of bytes/,
    ],
  ])('%s', async (_, files, message) => {
    await expect(buffer(packed(files).archive)).rejects.toThrow(message);
  });

  test('when it is aborted, and closes what it reads', async () => {
    const stop = new AbortController();
    const endless = new Readable({
      read() {
        this.push(Buffer.alloc(1_000));
      },
    });
    const { archive } = packed([file('x', Buffer.alloc(0), { open: async () => endless })], stop.signal);
    const reading = buffer(archive);
    archive.once('data', () => stop.abort(new Error('enough')));
    await expect(reading).rejects.toThrow('enough');
    expect(endless.destroyed).toBe(true);
  });

  test('quietly when its reader goes, and closes what it reads', async () => {
    const endless = new Readable({
      read() {
        this.push(Buffer.alloc(1_000));
      },
    });
    const { archive } = packed([file('x', Buffer.alloc(0), { open: async () => endless })]);
    await new Promise((resolve) => archive.once('data', resolve));
    const closed = new Promise((resolve) => endless.once('close', resolve));
    archive.destroy();
    await closed;
  });
});
