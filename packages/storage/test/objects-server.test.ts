import { readdir, rm } from 'node:fs/promises';
import { request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { ORIGIN, openDiskStoreUnderTest } from './disk-store-under-test.ts';
import { sha256Of } from './object-store-contract.ts';

const MINUTE = 60;
let under: Awaited<ReturnType<typeof openDiskStoreUnderTest>>;

beforeAll(async () => {
  under = await openDiskStoreUnderTest();
});
afterAll(() => under[Symbol.asyncDispose]());

const presignPut = (key: string, bytes: Uint8Array) =>
  under.store.presignPut(key, {
    contentType: 'image/jpeg',
    sizeBytes: bytes.length,
    sha256: sha256Of(bytes),
    expiresInSeconds: MINUTE,
  });

describe('the objects server', () => {
  it('stores nothing of an upload whose connection is cut', async () => {
    const bytes = Buffer.alloc(1_000_000, 'x');
    const { url } = await presignPut('cut/photo', bytes);
    const { port, pathname, search } = new URL(url);
    const socket = connect(Number(port), '127.0.0.1');
    socket.on('error', () => undefined); // the cut itself
    socket.write(
      `PUT ${pathname}${search} HTTP/1.1\r\nhost: objects\r\ncontent-type: image/jpeg\r\ncontent-length: ${bytes.length}\r\n\r\n`,
    );
    socket.write(bytes.subarray(0, 400_000));
    const aside = () => readdir(join(under.directory, '.incoming'));
    await vi.waitFor(async () => expect(await aside()).toHaveLength(1));
    socket.resetAndDestroy();
    await vi.waitFor(async () => expect(await aside()).toEqual([]));
    expect(await under.store.head('cut/photo')).toBeUndefined();
  });

  it('requires a Content-Length', async () => {
    const bytes = Buffer.from('eye');
    const { url, headers } = await presignPut('chunked/photo', bytes);
    const status = await new Promise((resolve, reject) => {
      const request = httpRequest(url, { method: 'PUT', headers }, (response) => {
        response.resume();
        resolve(response.statusCode);
      });
      request.on('error', reject);
      request.write(bytes); // written before end(): Node sends it in chunks
      request.end();
    });
    expect(status).toBe(411);
    expect(await under.store.head('chunked/photo')).toBeUndefined();
  });

  it('answers a refused upload that is still being sent', async () => {
    const bytes = Buffer.alloc(5_000_000);
    const { url, headers } = await presignPut('large/photo', bytes);
    const response = await fetch(`${url}x`, { method: 'PUT', headers, body: bytes });
    expect(response.status).toBe(403);
  });

  it('stores the same upload again', async () => {
    const bytes = Buffer.from('eye');
    const { method, url, headers } = await presignPut('again/photo', bytes);
    for (let round = 0; round < 2; round += 1) {
      expect((await fetch(url, { method, headers, body: bytes })).status).toBe(200);
    }
  });

  it.each([
    ['plain', '/objects/../../etc/passwd'],
    ['encoded', '/objects/%2e%2e/%2e%2e/etc/passwd'],
    ['encoded slashes', '/objects/..%2f..%2fetc%2fpasswd'],
    ['doubled', '/objects//etc/passwd'],
  ])('gives nothing outside of its folder: %s', async (_, path) => {
    const status = await new Promise((resolve, reject) => {
      // Not fetch: it would tidy the path before sending.
      httpRequest(
        { port: under.server.port, host: '127.0.0.1', path: `${path}?expires=9999999999&signature=x` },
        (r) => {
          r.resume();
          resolve(r.statusCode);
        },
      )
        .on('error', reject)
        .end();
    });
    expect([403, 404]).toContain(status);
  });

  it('gives an empty object', async () => {
    await under.store.put('empty/photo', Buffer.alloc(0), { contentType: 'image/png' });
    const response = await fetch(await under.store.presignGet('empty/photo', { expiresInSeconds: MINUTE }));
    expect(response.status).toBe(200);
    expect(response.headers.get('content-length')).toBe('0');
    expect(await response.text()).toBe('');
  });

  it('gives private bytes that nobody sniffs or keeps', async () => {
    await under.store.put('private/photo', Buffer.from('eye'), { contentType: 'text/html' });
    const response = await fetch(await under.store.presignGet('private/photo', { expiresInSeconds: MINUTE }));
    expect(response.headers.get('cache-control')).toBe('private, no-store');
    expect(response.headers.get('x-content-type-options')).toBe('nosniff');
    expect(response.headers.get('etag')).toBe(`"${sha256Of(Buffer.from('eye'))}"`);
  });

  it('gives the whole object when the range is of another version', async () => {
    await under.store.put('version/photo', Buffer.from('0123'), { contentType: 'image/png' });
    const url = await under.store.presignGet('version/photo', { expiresInSeconds: MINUTE });
    const response = await fetch(url, { headers: { range: 'bytes=1-2', 'if-range': '"another"' } });
    expect(response.status).toBe(200);
    expect(await response.text()).toBe('0123');
  });

  it('allows a listed origin, and no other', async () => {
    const bytes = Buffer.from('eye');
    const { method, url, headers } = await presignPut('cors/photo', bytes);
    const preflight = (origin: string) =>
      fetch(url, { method: 'OPTIONS', headers: { origin, 'access-control-request-method': 'PUT' } });
    const allowed = await preflight(ORIGIN);
    expect(allowed.status).toBe(204);
    expect(allowed.headers.get('access-control-allow-origin')).toBe(ORIGIN);
    expect(allowed.headers.get('access-control-allow-methods')).toContain('PUT');
    expect(allowed.headers.get('access-control-allow-headers')).toContain('content-type');
    const other = await preflight('https://elsewhere.example');
    expect(other.headers.get('access-control-allow-origin')).toBeNull();
    expect(other.headers.get('access-control-allow-methods')).toBeNull();

    const put = await fetch(url, { method, headers: { ...headers, origin: ORIGIN }, body: bytes });
    expect(put.headers.get('access-control-allow-origin')).toBe(ORIGIN);
    const get = await fetch(await under.store.presignGet('cors/photo', { expiresInSeconds: MINUTE }), {
      headers: { origin: ORIGIN },
    });
    expect(get.headers.get('access-control-allow-origin')).toBe(ORIGIN);
    expect(get.headers.get('vary')).toContain('origin');
  });

  it('knows no other path and no other method', async () => {
    expect((await fetch(`${under.server.url}/`)).status).toBe(404);
    const url = await under.store.presignGet('a/b', { expiresInSeconds: MINUTE });
    const response = await fetch(url, { method: 'DELETE' });
    expect(response.status).toBe(405);
    expect(response.headers.get('allow')).toBe('GET, PUT, OPTIONS');
  });

  it('is live, and ready while its folder is there', async () => {
    await using other = await openDiskStoreUnderTest();
    expect((await fetch(`${other.server.url}/livez`)).status).toBe(200);
    expect((await fetch(`${other.server.url}/readyz`)).status).toBe(200);
    await rm(other.directory, { recursive: true });
    const down = await fetch(`${other.server.url}/readyz`);
    expect(down.status).toBe(503);
    expect(await down.text()).not.toContain(other.directory);
    expect((await fetch(`${other.server.url}/livez`)).status).toBe(200);
  });
});
