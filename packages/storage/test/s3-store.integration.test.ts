import { execFile } from 'node:child_process';
import { createHash, randomBytes, randomUUID } from 'node:crypto';
import path from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { ErrorReason, errorDetail } from '@irisvue/runtime';
import {
  isRealS3Installed,
  type RealS3,
  type RecordingProxy,
  realS3Asks,
  startRealS3,
  startRecordingProxy,
} from '@irisvue/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ObjectNotFound, type ObjectStore, openStore, parseStoreUrl } from '../src/index.ts';
import { openS3Store, type S3StoreOptions } from '../src/s3-store.ts';
import { collect, objectStoreContract, settableClock, sha256Of } from './object-store-contract.ts';

// Another S3, for example Amazon's: s3://KEY:SECRET@host/bucket. Its bucket gets objects under test/, which are removed.
const givenUrl = process.env['IRISVUE_TEST_S3_URL'];
const ORIGIN = 'https://studio.example';
/** Whether that S3 can be asked for encryption. */
const asks = givenUrl === undefined ? realS3Asks() : !givenUrl.includes('sse=false');
const START_MS = 120_000;
const MIB = 1024 * 1024;
const JPEG = { contentType: 'image/jpeg' } as const;
const DOWN = { reason: ErrorReason.DEPENDENCY_DOWN, metadata: { dependency: 'object store' } };

let server: RealS3 | undefined;
const newBucket = () => `irisvue-${randomUUID()}`;
const urlOf = (bucket: string) => givenUrl ?? server!.storeUrl(bucket);

function optionsOf(bucket: string): S3StoreOptions {
  const parsed = parseStoreUrl(urlOf(bucket));
  if (parsed.kind !== 's3') throw new TypeError('IRISVUE_TEST_S3_URL must be an s3:// URL');
  return parsed.s3;
}

describe.skipIf(givenUrl === undefined && !isRealS3Installed())('with a real S3 server', () => {
  beforeAll(async () => {
    if (givenUrl === undefined) server = await startRealS3();
  }, START_MS);
  afterAll(() => server?.[Symbol.asyncDispose]());

  objectStoreContract('S3', async () => {
    const clock = settableClock();
    const store = await openStore(urlOf(newBucket()), { clock });
    return {
      store,
      clock,
      async [Symbol.asyncDispose]() {
        await store.deletePrefix('test/');
        await store[Symbol.asyncDispose]();
      },
    };
  });

  describe('the bucket', () => {
    it.skipIf(givenUrl !== undefined)('is made when it is missing, also when two processes start at once', async () => {
      const url = urlOf(newBucket());
      const stores = await Promise.all([openStore(url), openStore(url), openStore(url)]);
      await stores[0].put('test/photo', Buffer.from('eye'), JPEG);
      expect(Buffer.from(await stores[2].get('test/photo')).toString()).toBe('eye');
      for (const store of stores) await store[Symbol.asyncDispose]();
    });

    it('lets pages of the listed origins upload, and no others', async () => {
      await using store = await openStore(urlOf(newBucket()), { allowedOrigins: [ORIGIN] });
      const bytes = Buffer.from('eye');
      const announced = { ...JPEG, sizeBytes: 3, sha256: sha256Of(bytes), expiresInSeconds: 60 };
      const { url } = await store.presignPut('test/photo', announced);
      const preflight = async (origin: string) => {
        const headers = {
          origin,
          'access-control-request-method': 'PUT',
          'access-control-request-headers': 'content-type',
        };
        return (await fetch(url, { method: 'OPTIONS', headers })).headers.get('access-control-allow-origin');
      };
      expect(await preflight(ORIGIN)).toBe(ORIGIN);
      expect(await preflight('https://elsewhere.example')).toBeNull();
    });

    it('is made ready by a program that ends, and by its second run for other pages', async () => {
      const url = urlOf(newBucket());
      const main = path.join(import.meta.dirname, '../src/make-bucket-main.ts');
      const allowed = async (origin: string) => {
        const env = { PATH: process.env['PATH'], IRISVUE_STORAGE_URL: url, IRISVUE_ALLOWED_ORIGINS: origin };
        await promisify(execFile)(process.execPath, [main], { env });
        await using store = await openStore(url);
        const headers = { origin, 'access-control-request-method': 'GET' };
        const presigned = await store.presignGet('test/photo', { expiresInSeconds: 60 });
        return (await fetch(presigned, { method: 'OPTIONS', headers })).headers.get('access-control-allow-origin');
      };
      expect(await allowed(ORIGIN)).toBe(ORIGIN);
      expect(await allowed('https://gallery.example')).toBe('https://gallery.example');
    });

    it('presigns for the endpoint that clients reach', async () => {
      await using store = await openS3Store({ ...optionsOf(newBucket()), publicEndpoint: 'https://objects.example' });
      const url = new URL(await store.presignGet('test/photo', { expiresInSeconds: 60 }));
      expect(url.origin).toBe('https://objects.example');
    });
  });

  describe('over a wire that shows what is sent and can be cut', () => {
    let proxy: RecordingProxy;
    let store: ObjectStore;
    const at = `test/${randomUUID()}/`;

    beforeAll(async () => {
      const options = optionsOf(newBucket());
      proxy = await startRecordingProxy(new URL(options.endpoint));
      store = await openS3Store({ ...options, endpoint: proxy.url });
    });
    afterAll(async () => {
      await store.deletePrefix(at);
      await store[Symbol.asyncDispose]();
      await proxy[Symbol.asyncDispose]();
    });

    it.skipIf(!asks).each([
      ['bytes', (bytes: Buffer) => bytes],
      ['a stream', (bytes: Buffer) => Readable.from([bytes])],
    ])('asks for encryption and sends both hashes on a put of %s', async (_, form) => {
      const bytes = randomBytes(1000);
      proxy.requests.length = 0;
      await store.put(`${at}photo`, form(bytes), JPEG);
      const [put] = proxy.requests.filter((request) => request.method === 'PUT');
      expect(put.headers).toMatchObject({
        'x-amz-server-side-encryption': 'AES256',
        'content-md5': createHash('md5').update(bytes).digest('base64'),
        'x-amz-meta-sha256': sha256Of(bytes),
        'content-length': '1000',
        'content-type': 'image/jpeg',
      });
    });

    it.skipIf(!asks)('asks for encryption on a presigned upload, and the client cannot leave it out', async () => {
      const bytes = Buffer.from('eye');
      const announced = { ...JPEG, sizeBytes: 3, sha256: sha256Of(bytes), expiresInSeconds: 60 };
      const { url, headers } = await store.presignPut(`${at}presigned`, announced);
      expect(headers['x-amz-server-side-encryption']).toBe('AES256');
      const { 'x-amz-server-side-encryption': _, ...others } = headers;
      expect((await fetch(url, { method: 'PUT', headers: others, body: bytes })).status).toBe(403);
      expect((await fetch(url, { method: 'PUT', headers, body: bytes })).status).toBe(200);
    });

    it('does not ask a store that encrypts by itself', async () => {
      const options = optionsOf(newBucket());
      await using silent = await openS3Store({ ...options, endpoint: proxy.url, sse: false });
      proxy.requests.length = 0;
      await silent.put(`${at}unasked`, Buffer.from('eye'), JPEG);
      const [put] = proxy.requests.filter((request) => request.method === 'PUT');
      expect(put.headers).toHaveProperty('content-md5');
      expect(put.headers).not.toHaveProperty('x-amz-server-side-encryption');
      const bytes = Buffer.from('iris');
      const announced = { ...JPEG, sizeBytes: 4, sha256: sha256Of(bytes), expiresInSeconds: 60 };
      const { headers } = await silent.presignPut(`${at}unasked`, announced);
      expect(Object.keys(headers)).toEqual(['content-type', 'x-amz-content-sha256', 'x-amz-meta-sha256']);
    });

    it('is DEPENDENCY_DOWN when the connection is cut in mid-upload, and nothing is stored', async () => {
      proxy.cutAfterBytes(100_000);
      const problem = await store.put(`${at}cut`, randomBytes(MIB), JPEG).catch((error: unknown) => error);
      proxy.cutAfterBytes(undefined);
      expect(errorDetail(problem)).toMatchObject(DOWN);
      expect((problem as Error).message).not.toMatch(/ECONN|socket|127\.0\.0\.1/);
      expect(await store.head(`${at}cut`)).toBeUndefined();
    });

    it('is DEPENDENCY_DOWN when the connection is cut in mid-download, however it is read', async () => {
      await store.put(`${at}long`, randomBytes(MIB), JPEG);
      proxy.cutAfterBytes(100_000);
      expect(await store.get(`${at}long`).catch(errorDetail)).toMatchObject(DOWN);
      expect(await store.stream(`${at}long`).then(buffer).catch(errorDetail)).toMatchObject(DOWN);
      proxy.cutAfterBytes(undefined);
      expect(await store.get(`${at}long`)).toHaveLength(MIB);
    });

    it('ends a download with the signal', async () => {
      await store.put(`${at}abort`, randomBytes(8 * MIB), JPEG);
      const abort = new AbortController();
      const body = await store.stream(`${at}abort`, { signal: abort.signal });
      const read = buffer(body);
      abort.abort(new Error('no longer needed'));
      await expect(read).rejects.toThrow('no longer needed');
    });
  });

  // The last one: afterwards there is no server.
  describe.skipIf(givenUrl !== undefined)('a server that is killed', () => {
    it('is DEPENDENCY_DOWN in mid-download and at every call after', async () => {
      await using store = await openStore(urlOf(newBucket()));
      const size = 64 * MIB;
      await store.put('test/large', Buffer.alloc(size), JPEG);
      const body = await store.stream('test/large');
      const [first] = await collect(body.take(1));
      expect(first.length).toBeGreaterThan(0);
      await expect(store.get('test/missing')).rejects.toThrow(ObjectNotFound);
      const reading = await store.stream('test/large');
      reading.pause();
      await server!.killGateway();
      expect(await buffer(reading).catch(errorDetail)).toMatchObject(DOWN);
      const calls: (() => Promise<unknown>)[] = [
        () => store.check(),
        () => store.get('test/large'),
        () => store.head('test/large'),
        () => store.put('test/other', Buffer.from('eye'), JPEG),
        () => store.delete('test/large'),
        () => store.deletePrefix('test/'),
        () => openStore(urlOf(newBucket())),
      ];
      for (const call of calls) expect(await call().catch(errorDetail)).toMatchObject(DOWN);
    });
  });
});
