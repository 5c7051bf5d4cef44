import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import type { Clock } from '@irisvue/runtime';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  BodyMismatch,
  InvalidKey,
  ObjectCorrupt,
  ObjectNotFound,
  type ObjectStore,
  ObjectTooLarge,
} from '../src/index.ts';

export interface StoreUnderTest extends AsyncDisposable {
  readonly store: ObjectStore;
  /** The time that the store dates its presigned requests by. */
  readonly clock: Clock & { set(time: Date): void };
}

/** A clock that a test sets. It starts at the machine's time, which a real server compares with. */
export function settableClock(): StoreUnderTest['clock'] {
  let fixed: Date | undefined;
  return {
    now: () => fixed ?? new Date(),
    set: (time) => {
      fixed = time;
    },
  };
}

export const sha256Of = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

export async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const collected: T[] = [];
  for await (const item of items) collected.push(item);
  return collected;
}

const JPEG = { contentType: 'image/jpeg' } as const;
const MINUTE = 60;

/** What every adapter must do, asked of each in the same words. */
export function objectStoreContract(name: string, open: () => Promise<StoreUnderTest>): void {
  describe(`${name}: the object store contract`, () => {
    let under: StoreUnderTest;
    let store: ObjectStore;
    /** A folder of its own for each test. */
    const folder = () => `test/${randomUUID()}/`;

    beforeAll(async () => {
      under = await open();
      store = under.store;
    });
    afterAll(() => under?.[Symbol.asyncDispose]());

    async function keysUnder(prefix: string): Promise<string[]> {
      return (await collect(store.list(prefix))).map(({ key }) => key);
    }

    describe('put and get', () => {
      it.each([
        ['nothing', 0],
        ['one byte', 1],
        ['3 MiB', 3 * 1024 * 1024],
      ])('keeps %s as it is, from bytes and from a stream', async (_, length) => {
        const bytes = new Uint8Array(randomBytes(length));
        const facts = { sha256: sha256Of(bytes), sizeBytes: length, contentType: 'image/png' };
        const at = folder();
        for (const [key, body] of [
          [`${at}bytes`, bytes],
          [`${at}stream`, Readable.from(length === 0 ? [] : [bytes])],
        ] as const) {
          expect(await store.put(key, body, { contentType: 'image/png' })).toEqual({ key, ...facts });
          expect(sha256Of(await store.get(key, { sha256: facts.sha256 }))).toBe(facts.sha256);
          expect(sha256Of(await buffer(await store.stream(key)))).toBe(facts.sha256);
          expect(await store.head(key)).toEqual({ sizeBytes: length, contentType: 'image/png' });
        }
      });

      it('replaces an object as a whole', async () => {
        const key = `${folder()}photo`;
        await store.put(key, Buffer.from('a longer first body'), JPEG);
        await store.put(key, Buffer.from('second'), { contentType: 'image/webp' });
        expect(Buffer.from(await store.get(key)).toString()).toBe('second');
        expect(await store.head(key)).toEqual({ sizeBytes: 6, contentType: 'image/webp' });
      });

      it('streams a range', async () => {
        const key = `${folder()}photo`;
        await store.put(key, Buffer.from('0123456789'), JPEG);
        expect((await buffer(await store.stream(key, { range: { start: 2, end: 4 } }))).toString()).toBe('234');
        expect((await buffer(await store.stream(key, { range: { start: 9, end: 9 } }))).toString()).toBe('9');
      });

      it('knows nothing of a key that was never put', async () => {
        const key = `${folder()}nothing`;
        await expect(store.get(key)).rejects.toThrow(ObjectNotFound);
        await expect(store.stream(key)).rejects.toThrow(ObjectNotFound);
        expect(await store.head(key)).toBeUndefined();
      });

      it('knows nothing of a key below an object', async () => {
        const key = `${folder()}photo`;
        await store.put(key, Buffer.from('eye'), JPEG);
        await expect(store.get(`${key}/below`)).rejects.toThrow(ObjectNotFound);
        expect(await store.head(`${key}/below`)).toBeUndefined();
      });

      it('gives no more bytes than the caller takes', async () => {
        const key = `${folder()}photo`;
        await store.put(key, Buffer.alloc(101), JPEG);
        await expect(store.get(key, { maxBytes: 100 })).rejects.toThrow(ObjectTooLarge);
        expect(await store.get(key, { maxBytes: 101 })).toHaveLength(101);
      });

      it('refuses to give other bytes than those that were asked for', async () => {
        const key = `${folder()}photo`;
        await store.put(key, Buffer.from('eye'), JPEG);
        await expect(store.get(key, { sha256: sha256Of(Buffer.from('ear')) })).rejects.toThrow(ObjectCorrupt);
      });
    });

    describe('a body that is not what was announced', () => {
      const body = Buffer.from('seven b');
      const other = sha256Of(Buffer.from('other'));
      it.each([
        ['shorter', { sizeBytes: 8 }, 'size_bytes'],
        ['longer', { sizeBytes: 6 }, 'size_bytes'],
        ['of another SHA-256', { sizeBytes: 7, sha256: other }, 'sha256'],
      ])('is refused when %s, and nothing is stored', async (_, announced, field) => {
        const at = folder();
        for (const form of [body, Readable.from([body.subarray(0, 3), body.subarray(3)])]) {
          const problem = await store
            .put(`${at}photo`, form, { ...JPEG, ...announced })
            .catch((error: unknown) => error);
          expect(problem).toBeInstanceOf(BodyMismatch);
          expect(problem).toMatchObject({ field });
        }
        expect(await keysUnder(at)).toEqual([]);
      });

      it('is refused when it has no end, without being read for ever', async () => {
        const endless = Readable.from(
          (function* () {
            for (;;) yield Buffer.alloc(1000);
          })(),
        );
        const put = store.put(`${folder()}photo`, endless, { ...JPEG, sizeBytes: 10_000 });
        await expect(put).rejects.toThrow(BodyMismatch);
        expect(endless.destroyed).toBe(true);
      });

      it('leaves the object that was there when its stream breaks', async () => {
        const key = `${folder()}photo`;
        await store.put(key, Buffer.from('the old one'), JPEG);
        const broken = Readable.from(
          (function* () {
            yield Buffer.from('the n');
            throw new Error('the sender went away');
          })(),
        );
        await expect(store.put(key, broken, JPEG)).rejects.toThrow('the sender went away');
        expect(Buffer.from(await store.get(key)).toString()).toBe('the old one');
      });

      it('is not stored when the caller aborts', async () => {
        const at = folder();
        const abort = new AbortController();
        const waiting = new Readable({ read() {} });
        waiting.push(Buffer.from('half'));
        const put = store.put(`${at}photo`, waiting, { ...JPEG, signal: abort.signal });
        abort.abort();
        await expect(put).rejects.toThrow();
        expect(await keysUnder(at)).toEqual([]);
      });
    });

    describe('keys', () => {
      it.each([
        '',
        '/absolute',
        'ends/',
        'two//slashes',
        '.',
        '..',
        '../outside',
        'a/../../outside',
        'a/./b',
        '.incoming/x',
        'a/.hidden',
        'back\\slash',
        'nul\0',
        'space ',
        'a/%2e%2e/b',
        'ümlaut',
        'x'.repeat(513),
      ])('refuses %j everywhere', async (key) => {
        const presign = { ...JPEG, sizeBytes: 1, sha256: sha256Of(Buffer.alloc(1)), expiresInSeconds: MINUTE };
        const calls: (() => Promise<unknown>)[] = [
          () => store.put(key, Buffer.alloc(1), JPEG),
          () => store.get(key),
          () => store.stream(key),
          () => store.head(key),
          () => store.delete(key),
          () => store.presignPut(key, presign),
          () => store.presignGet(key, presign),
        ];
        for (const call of calls) await expect((async () => call())()).rejects.toThrow(InvalidKey);
      });

      it.each(['no-slash', '', '/', '../', 'a//', 'a/../'])('refuses the prefix %j to delete', async (prefix) => {
        await expect((async () => store.deletePrefix(prefix))()).rejects.toThrow(InvalidKey);
      });
    });

    describe('list and delete', () => {
      it('lists what lies under a prefix in order of key, and nothing else', async () => {
        const at = folder();
        const names = ['1.jpg', '1/a', '1/b/c', '10/a', '1_mask.png', 'B', 'a'];
        for (const name of names) await store.put(`${at}${name}`, Buffer.from(name), JPEG);
        expect(await keysUnder(at)).toEqual([...names].sort().map((name) => `${at}${name}`));
        expect(await keysUnder(`${at}1/`)).toEqual([`${at}1/a`, `${at}1/b/c`]);
        expect(await keysUnder(`${at}2/`)).toEqual([]);
        expect((await keysUnder('')).filter((key) => key.startsWith(at))).toHaveLength(names.length);
      });

      it('gives size and time of what it lists', async () => {
        const at = folder();
        const before = Date.now();
        await store.put(`${at}photo`, Buffer.alloc(1234), JPEG);
        const [listed] = await collect(store.list(at));
        expect(listed.sizeBytes).toBe(1234);
        // Stores round to seconds.
        expect(Math.abs(listed.modified.getTime() - before)).toBeLessThan(10_000);
      });

      it('deletes, and deletes nothing without a word', async () => {
        const at = folder();
        await store.put(`${at}photo`, Buffer.from('eye'), JPEG);
        await store.delete(`${at}photo`);
        await store.delete(`${at}photo`);
        expect(await store.head(`${at}photo`)).toBeUndefined();
      });

      it('deletes a prefix and leaves its neighbours', async () => {
        const at = folder();
        for (const name of ['1/a', '1/b/c', '10/a', '1.jpg']) await store.put(`${at}${name}`, Buffer.alloc(1), JPEG);
        expect(await store.deletePrefix(`${at}1/`)).toBe(2);
        expect(await keysUnder(at)).toEqual([`${at}1.jpg`, `${at}10/a`]);
        expect(await store.deletePrefix(`${at}1/`)).toBe(0);
      });

      it('deletes more objects than a page holds', async () => {
        const at = folder();
        const names = Array.from({ length: 1005 }, (_, index) => `${at}${index}`);
        const todo = names.values();
        const put = async () => {
          for (const key of todo) await store.put(key, Buffer.alloc(0), JPEG);
        };
        await Promise.all(Array.from({ length: 16 }, put));
        expect(await store.deletePrefix(at)).toBe(1005);
        expect(await keysUnder(at)).toEqual([]);
      });
    });

    describe('presigned upload', () => {
      const bytes = Buffer.from('the bytes of a photo');
      const announced = { ...JPEG, sizeBytes: bytes.length, sha256: sha256Of(bytes), expiresInSeconds: MINUTE };

      it('stores the announced bytes', async () => {
        const key = `${folder()}photo`;
        const { method, url, headers, expiresAt } = await store.presignPut(key, announced);
        expect(Math.abs(expiresAt.getTime() - Date.now() - MINUTE * 1000)).toBeLessThan(5_000);
        const response = await fetch(url, { method, headers, body: bytes });
        expect(response.status).toBe(200);
        expect(await store.head(key)).toEqual({ sizeBytes: bytes.length, contentType: 'image/jpeg' });
        expect(Buffer.from(await store.get(key, { sha256: announced.sha256 }))).toEqual(bytes);
      });

      it.each([
        ['other bytes of the same length', { body: Buffer.from('the bytes of a PHOTO') }, 400],
        ['more bytes', { body: Buffer.from('the bytes of a photo and more') }, 403],
        ['fewer bytes', { body: Buffer.from('the bytes') }, 403],
        ['another content type', { headers: { 'content-type': 'text/html' } }, 403],
      ])('refuses %s, and nothing is stored', async (_, change, status) => {
        const at = folder();
        const { method, url, headers } = await store.presignPut(`${at}photo`, announced);
        const changed = { ...headers, ...('headers' in change ? change.headers : {}) };
        const response = await fetch(url, { method, headers: changed, body: 'body' in change ? change.body : bytes });
        expect(response.status).toBe(status);
        expect(await keysUnder(at)).toEqual([]);
      });

      it('refuses another key, a later end and another method', async () => {
        const at = folder();
        const { url, headers } = await store.presignPut(`${at}photo`, announced);
        const tampered = [
          ['PUT', url.replace('/photo?', '/other?')],
          ['PUT', url.replace(/([Ee]xpires=)(\d+)/, (_, name, value) => `${name}${Number(value) + 1}`)],
          ['PUT', url.replace(/([Ss]ignature=)(.)/, (_, name, first) => `${name}${first === 'a' ? 'b' : 'a'}`)],
        ];
        for (const [method, changed] of tampered) {
          expect(changed).not.toBe(url);
          expect((await fetch(changed, { method, headers, body: bytes })).status).toBe(403);
        }
        expect((await fetch(url)).status).toBe(403);
        expect(await keysUnder(at)).toEqual([]);
      });

      it('refuses after its end', async () => {
        const at = folder();
        under.clock.set(new Date(Date.now() - 2 * MINUTE * 1000));
        const { method, url, headers } = await store.presignPut(`${at}photo`, announced);
        expect((await fetch(url, { method, headers, body: bytes })).status).toBe(403);
        under.clock.set(new Date());
        expect(await keysUnder(at)).toEqual([]);
      });
    });

    describe('presigned download', () => {
      const bytes = Buffer.from('0123456789');

      async function stored(): Promise<string> {
        const key = `${folder()}result.jpg`;
        await store.put(key, bytes, JPEG);
        return key;
      }

      it('gives the bytes with their type', async () => {
        const response = await fetch(await store.presignGet(await stored(), { expiresInSeconds: MINUTE }));
        expect(response.status).toBe(200);
        expect(response.headers.get('content-type')).toBe('image/jpeg');
        expect(response.headers.get('content-disposition')).toBeNull();
        expect(Buffer.from(await response.arrayBuffer())).toEqual(bytes);
      });

      it('gives a range', async () => {
        const url = await store.presignGet(await stored(), { expiresInSeconds: MINUTE });
        const response = await fetch(url, { headers: { range: 'bytes=2-4' } });
        expect(response.status).toBe(206);
        expect(response.headers.get('content-range')).toBe('bytes 2-4/10');
        expect(await response.text()).toBe('234');
        expect((await fetch(url, { headers: { range: 'bytes=10-' } })).status).toBe(416);
      });

      it('names the file, in every script', async () => {
        const url = await store.presignGet(await stored(), { expiresInSeconds: MINUTE, fileName: 'Iris «Ω» 1.jpg' });
        const response = await fetch(url);
        expect(response.headers.get('content-disposition')).toBe(
          `attachment; filename="Iris ___ 1.jpg"; filename*=UTF-8''Iris%20%C2%AB%CE%A9%C2%BB%201.jpg`,
        );
      });

      it('refuses what was not signed', async () => {
        const key = await stored();
        const url = await store.presignGet(key, { expiresInSeconds: MINUTE, fileName: 'a.jpg' });
        const tampered = [url.replace('a.jpg', 'b.jpg'), url.replace('/result.jpg?', '/other.jpg?'), url.split('?')[0]];
        for (const changed of tampered) expect((await fetch(changed)).status).toBe(403);
        expect((await fetch(url, { method: 'PUT', body: bytes })).status).toBe(403);
        expect(Buffer.from(await store.get(key))).toEqual(bytes);
      });

      it('refuses after its end', async () => {
        const key = await stored();
        under.clock.set(new Date(Date.now() - 2 * MINUTE * 1000));
        const url = await store.presignGet(key, { expiresInSeconds: MINUTE });
        under.clock.set(new Date());
        expect((await fetch(url)).status).toBe(403);
      });

      it('says 404 when the object is gone', async () => {
        const key = await stored();
        const url = await store.presignGet(key, { expiresInSeconds: MINUTE });
        await store.delete(key);
        expect((await fetch(url)).status).toBe(404);
      });
    });

    it('is ready', async () => {
      await store.check();
    });
  });
}
