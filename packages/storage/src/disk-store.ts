import { createHash } from 'node:crypto';
import type { Dirent } from 'node:fs';
import { access, constants, mkdir, open, readdir, rename, rmdir, stat, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { type Clock, systemClock } from '@irisvue/runtime';
import { type ObjectFile, openObjectFile, TRAILER_BYTES, writeObjectFile } from './disk-file.ts';
import { incomingName, removeAbandoned } from './incoming.ts';
import { ObjectCorrupt, ObjectNotFound, ObjectTooLarge, storeDown } from './object-errors.ts';
import { checkedKey, checkedPrefix } from './object-key.ts';
import type { ObjectStore } from './object-store.ts';
import { signUrl } from './presigned-url.ts';

export interface DiskStoreOptions {
  /** Absolute path of the folder; made when missing. */
  readonly directory: string;
  /** Base URL of the objects server, as clients reach it. Without it and `secret` nothing can be presigned. */
  readonly endpoint?: string;
  /** What presigned requests are signed with; the objects server has the same. */
  readonly secret?: string;
  readonly clock?: Clock;
}

/** Objects in a folder. Several processes may use one folder at the same time. */
export interface DiskStore extends ObjectStore {
  /** Opens an object to read its facts and its bytes from the same file. ObjectNotFound. */
  open(key: string): Promise<ObjectFile>;
}

// Not a key's first segment: a key cannot start with a dot.
const INCOMING = '.incoming';
// A folder may be removed as empty between its making and the rename into it.
const PLACE_TRIES = 10;
// The disk is full, over quota, read-only or failing: nobody's request is wrong.
const DOWN_CODES = new Set(['ENOSPC', 'EDQUOT', 'EROFS', 'EIO', 'EMFILE', 'ENFILE', 'ESTALE', 'ENODEV']);

/** Opens a folder as a store. A body is written aside, brought to the disk and renamed into place. */
export async function openDiskStore(o: DiskStoreOptions): Promise<DiskStore> {
  const clock = o.clock ?? systemClock;
  const incoming = join(o.directory, INCOMING);
  const pathOf = (key: string) => join(o.directory, checkedKey(key));
  await explained(async () => {
    await mkdir(incoming, { recursive: true, mode: 0o700 });
    await removeAbandoned(incoming, clock.now());
  });

  const openKey = (key: string): Promise<ObjectFile> =>
    explained(() => openObjectFile(pathOf(key), key)).catch((error) => {
      throw isMissing(error) ? new ObjectNotFound(key, { cause: error }) : error;
    });

  const presigning = (): { endpoint: string; secret: string } => {
    if (o.endpoint === undefined || o.secret === undefined) {
      throw new Error('this store was opened without endpoint and secret: nothing can be presigned');
    }
    return { endpoint: o.endpoint, secret: o.secret };
  };
  const expiry = (seconds: number) => Math.floor(clock.now().getTime() / 1000) + seconds;

  const store: DiskStore = {
    open: openKey,

    put: (key, body, options) =>
      explained(async () => {
        const path = pathOf(key);
        const aside = join(incoming, incomingName());
        try {
          const facts = await writeObjectFile(aside, body, options);
          await place(aside, path);
          return { key, ...facts };
        } catch (error) {
          await unlink(aside).catch(ignoreMissing);
          throw error;
        }
      }),

    async get(key, options = {}) {
      await using file = await openKey(key);
      const { maxBytes = Number.POSITIVE_INFINITY, sha256, signal } = options;
      signal?.throwIfAborted();
      if (file.facts.sizeBytes > maxBytes) throw new ObjectTooLarge(key, file.facts.sizeBytes, maxBytes);
      const bytes = await explained(() => file.bytes());
      if (sha256 !== undefined && createHash('sha256').update(bytes).digest('hex') !== sha256) {
        throw new ObjectCorrupt(key, 'its SHA-256 is another');
      }
      return bytes;
    },

    async stream(key, options = {}) {
      options.signal?.throwIfAborted();
      const file = await openKey(key);
      if (file.facts.sizeBytes === 0) {
        await file[Symbol.asyncDispose]();
        return Readable.from([]);
      }
      const body = file.stream(options.range);
      const abort = () => body.destroy(options.signal?.reason);
      options.signal?.addEventListener('abort', abort, { once: true });
      body.once('close', () => options.signal?.removeEventListener('abort', abort));
      return body;
    },

    async head(key) {
      try {
        await using file = await openKey(key);
        return { sizeBytes: file.facts.sizeBytes, contentType: file.facts.contentType };
      } catch (error) {
        if (error instanceof ObjectNotFound) return undefined;
        throw error;
      }
    },

    delete: (key) =>
      explained(async () => {
        const path = pathOf(key);
        await unlink(path).catch(ignoreMissing);
        await removeEmptyFolders(dirname(path), o.directory);
      }),

    async deletePrefix(prefix) {
      checkedPrefix(prefix);
      let count = 0;
      for await (const { key } of store.list(prefix)) {
        await store.delete(key);
        count += 1;
      }
      return count;
    },

    async *list(prefix) {
      const start = prefix === '' ? '' : checkedPrefix(prefix);
      for await (const key of keysUnder(o.directory, start)) {
        const facts = await explained(() => stat(join(o.directory, key)).catch(ignoreMissing));
        if (facts !== undefined) yield { key, sizeBytes: facts.size - TRAILER_BYTES, modified: facts.mtime };
      }
    },

    async presignPut(key, { contentType, sizeBytes, sha256, expiresInSeconds }) {
      const { endpoint, secret } = presigning();
      const expires = expiry(expiresInSeconds);
      const grant = { method: 'PUT', key: checkedKey(key), expires, contentType, sizeBytes, sha256 } as const;
      return {
        method: 'PUT',
        url: signUrl(endpoint, secret, grant),
        headers: { 'content-type': contentType },
        expiresAt: new Date(expires * 1000),
      };
    },

    async presignGet(key, { expiresInSeconds, fileName }) {
      const { endpoint, secret } = presigning();
      const grant = { method: 'GET', key: checkedKey(key), expires: expiry(expiresInSeconds), fileName } as const;
      return signUrl(endpoint, secret, grant);
    },

    async check() {
      await access(incoming, constants.R_OK | constants.W_OK).catch((error) => {
        throw storeDown(error);
      });
    },

    async [Symbol.asyncDispose]() {},
  };
  return store;
}

/** Renames a finished file into place and makes that durable: the folders are brought to the disk as well. */
async function place(aside: string, path: string): Promise<void> {
  const folder = dirname(path);
  for (let tries = 1; ; tries += 1) {
    const firstMade = await mkdir(folder, { recursive: true, mode: 0o700 });
    try {
      await rename(aside, path);
    } catch (error) {
      if (isMissing(error) && tries < PLACE_TRIES) continue;
      throw error;
    }
    const last = firstMade === undefined ? folder : dirname(firstMade);
    for (let each = folder; ; each = dirname(each)) {
      await syncFolder(each);
      if (each === last) return;
    }
  }
}

async function syncFolder(folder: string): Promise<void> {
  await using handle = await open(folder, 'r');
  await handle.sync();
}

/** Keys under a prefix in order of their text, as an object store lists them: a folder sorts as its name with `/`. */
async function* keysUnder(directory: string, prefix: string): AsyncGenerator<string> {
  const entries = await explained(async () => {
    const found = await readdir(join(directory, prefix), { withFileTypes: true }).catch(ignoreMissing);
    return (found ?? []).filter((entry) => !entry.name.startsWith('.'));
  });
  const names = entries.map((entry: Dirent) => (entry.isDirectory() ? `${entry.name}/` : entry.name));
  for (const name of names.sort(byCodeUnits)) {
    if (name.endsWith('/')) yield* keysUnder(directory, `${prefix}${name}`);
    else yield `${prefix}${name}`;
  }
}

const byCodeUnits = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

async function removeEmptyFolders(folder: string, root: string): Promise<void> {
  for (let each = folder; each !== root; each = dirname(each)) {
    try {
      await rmdir(each);
    } catch (error) {
      if (isMissing(error)) continue; // somebody else removed it; its parent may be empty now
      if (hasCode(error, 'ENOTEMPTY') || hasCode(error, 'EEXIST')) return;
      throw error;
    }
  }
}

async function explained<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw error instanceof Error && DOWN_CODES.has((error as NodeJS.ErrnoException).code ?? '')
      ? storeDown(error)
      : error;
  }
}

// ENOTDIR: a segment of the key is an object, so there is nothing below it.
const isMissing = (error: unknown): boolean => hasCode(error, 'ENOENT') || hasCode(error, 'ENOTDIR');

const hasCode = (error: unknown, code: string): boolean =>
  error instanceof Error && (error as NodeJS.ErrnoException).code === code;

function ignoreMissing(error: unknown): undefined {
  if (!isMissing(error)) throw error;
}
