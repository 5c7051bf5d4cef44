import { execFileSync, spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, truncate, utimes, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { ErrorReason, errorDetail } from '@irisvue/runtime';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openDiskStore } from '../src/disk-store.ts';
import { ObjectCorrupt } from '../src/index.ts';
import { openDiskStoreUnderTest } from './disk-store-under-test.ts';
import { collect, objectStoreContract, sha256Of } from './object-store-contract.ts';

objectStoreContract('disk', () => openDiskStoreUnderTest());

const JPEG = { contentType: 'image/jpeg' } as const;
const DOWN = { reason: ErrorReason.DEPENDENCY_DOWN, metadata: { dependency: 'object store' } };

describe('the disk store', () => {
  let directory: string;
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'irisvue-disk-'));
  });
  afterAll(() => rm(directory, { recursive: true, force: true }));

  it('keeps the bytes at the start of the file, so that viewers open it as it lies there', async () => {
    await using store = await openDiskStore({ directory });
    await store.put('view/1.jpg', Buffer.from('the picture'), JPEG);
    const file = await readFile(join(directory, 'view/1.jpg'));
    expect(file.subarray(0, 11).toString()).toBe('the picture');
    expect(file).toHaveLength(11 + 256);
  });

  it('finds its objects again after a restart', async () => {
    await (await openDiskStore({ directory })).put('again/photo', Buffer.from('eye'), JPEG);
    await using store = await openDiskStore({ directory });
    expect(Buffer.from(await store.get('again/photo')).toString()).toBe('eye');
    expect(await store.head('again/photo')).toEqual({ sizeBytes: 3, contentType: 'image/jpeg' });
  });

  it.each([
    ['cut within its end', 100],
    ['cut within its bytes', 256 + 2],
    ['emptied', 256 + 5],
  ])('says that a file is corrupt when it was %s', async (_, missing) => {
    await using store = await openDiskStore({ directory });
    await store.put('cut/photo', Buffer.from('bytes'), JPEG);
    await truncate(join(directory, 'cut/photo'), 5 + 256 - missing);
    await expect(store.get('cut/photo')).rejects.toThrow(ObjectCorrupt);
  });

  it('removes the folders that a delete leaves empty, and no others', async () => {
    await using store = await openDiskStore({ directory });
    await store.put('tree/a/b/c/1', Buffer.from('1'), JPEG);
    await store.put('tree/a/2', Buffer.from('2'), JPEG);
    await store.delete('tree/a/b/c/1');
    expect(await readdir(join(directory, 'tree/a'))).toEqual(['2']);
    await store.deletePrefix('tree/');
    expect(await readdir(directory)).not.toContain('tree');
  });

  it('puts while others empty the same folder', async () => {
    await using store = await openDiskStore({ directory });
    const rounds = Array.from({ length: 60 }, async (_, index) => {
      const key = `busy/folder/${index}`;
      await store.put(key, Buffer.from('x'), JPEG);
      await store.delete(key);
    });
    await Promise.all(rounds);
    expect(await collect(store.list('busy/'))).toEqual([]);
  });

  it('leaves nothing aside after a broken upload', async () => {
    await using store = await openDiskStore({ directory });
    const broken = Readable.from(
      (function* () {
        yield Buffer.from('half');
        throw new Error('gone');
      })(),
    );
    await expect(store.put('aside/photo', broken, JPEG)).rejects.toThrow('gone');
    expect(await readdir(join(directory, '.incoming'))).toEqual([]);
  });

  it('sweeps what killed processes left aside, once it is a day old', async () => {
    const now = new Date();
    const young = join(directory, '.incoming/young');
    const old = join(directory, '.incoming/old');
    await mkdir(join(directory, '.incoming'), { recursive: true });
    for (const path of [young, old]) await writeFile(path, 'half');
    const dayAgo = new Date(now.getTime() - 24 * 3600 * 1000 - 1);
    await utimes(old, dayAgo, dayAgo);
    await using _ = await openDiskStore({ directory, clock: { now: () => now } });
    expect(await readdir(join(directory, '.incoming'))).toEqual(['young']);
    await rm(young);
  });

  it('sweeps at once what a process of this machine left that is gone, and nothing of one that lives', async () => {
    const incoming = join(directory, '.incoming');
    await mkdir(incoming, { recursive: true });
    const gone = spawnSync(process.execPath, ['--version']).pid;
    const left = (host: string, pid: number) => `${host}.${pid}.0123abcd.${randomUUID()}`;
    const lives = left(hostname(), process.ppid);
    const elsewhere = left('elsewhere.example', gone);
    const hadOurNumber = left(hostname(), process.pid);
    for (const name of [left(hostname(), gone), hadOurNumber, lives, elsewhere]) {
      await writeFile(join(incoming, name), 'half');
    }
    await using _ = await openDiskStore({ directory });
    expect((await readdir(incoming)).sort()).toEqual([elsewhere, lives].sort());
    for (const name of [lives, elsewhere]) await rm(join(incoming, name));
  });

  it.each(['', ' image/jpeg', 'image/jpeg\r\nx: y', 'x'.repeat(208), 'imáge/jpeg'])(
    'refuses the content type %j',
    async (contentType) => {
      await using store = await openDiskStore({ directory });
      await expect(store.put('type/photo', Buffer.from('eye'), { contentType })).rejects.toThrow(TypeError);
      expect(await store.head('type/photo')).toBeUndefined();
    },
  );

  it('presigns nothing without a server to serve it', async () => {
    await using store = await openDiskStore({ directory });
    await expect(store.presignGet('a/b', { expiresInSeconds: 1 })).rejects.toThrow('endpoint');
  });

  it('is not ready once its folder is gone', async () => {
    const lost = await mkdtemp(join(tmpdir(), 'irisvue-lost-'));
    await using store = await openDiskStore({ directory: lost });
    await store.check();
    await rm(lost, { recursive: true });
    expect(await store.check().catch(errorDetail)).toMatchObject(DOWN);
  });
});

describe('a full disk', () => {
  const SIZE_KIB = 256;
  let directory: string;
  let isMounted = false;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'irisvue-full-'));
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${SIZE_KIB}k`, 'tmpfs', directory], { stdio: 'ignore' });
      isMounted = true;
    } catch {
      isMounted = false; // only root may mount, and not in every container
    }
  });
  afterAll(async () => {
    if (isMounted) execFileSync('umount', [directory]);
    await rm(directory, { recursive: true, force: true });
  });

  it('is DEPENDENCY_DOWN, keeps what was there and has room again afterwards', async (context) => {
    if (!isMounted) return context.skip('cannot mount a small file system here');
    await using store = await openDiskStore({ directory });
    await store.put('kept/photo', Buffer.from('old'), JPEG);
    const problem = await store.put('kept/photo', Buffer.alloc(SIZE_KIB * 2048), JPEG).catch((error: unknown) => error);
    expect(errorDetail(problem)).toMatchObject(DOWN);
    expect((problem as Error).message).not.toContain('ENOSPC');
    expect(Buffer.from(await store.get('kept/photo')).toString()).toBe('old');
    await store.put('kept/other', Buffer.alloc(SIZE_KIB * 512), JPEG);
  });

  it('answers an upload with 503, and stores nothing of it', async (context) => {
    if (!isMounted) return context.skip('cannot mount a small file system here');
    await using under = await openDiskStoreUnderTest(directory);
    const bytes = Buffer.alloc(SIZE_KIB * 2048);
    const announced = { ...JPEG, sizeBytes: bytes.length, sha256: sha256Of(bytes), expiresInSeconds: 60 };
    const { method, url, headers } = await under.store.presignPut('full/photo', announced);
    const response = await fetch(url, { method, headers, body: bytes });
    expect(response.status).toBe(503);
    expect(await response.text()).not.toContain('ENOSPC');
    expect(await readdir(join(directory, '.incoming'))).toEqual([]);
  });
});
