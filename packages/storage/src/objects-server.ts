import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { type Clock, DomainError, type Logger, systemClock } from '@irisvue/runtime';
import { contentDisposition } from './content-disposition.ts';
import { type DiskStore, type DiskStoreOptions, openDiskStore } from './disk-store.ts';
import { requestedRange } from './http-range.ts';
import { BodyMismatch, InvalidKey, ObjectNotFound } from './object-errors.ts';
import { objectsMetrics } from './objects-metrics.ts';
import { type Grant, OBJECTS_PATH, verifiedGrant } from './presigned-url.ts';

export interface ObjectsServerOptions {
  /** The folder and the secret; `endpoint` is not needed here. */
  readonly disk: DiskStoreOptions;
  readonly host: string;
  /** 0 lets the system choose. */
  readonly port: number;
  /** Origins whose pages may upload and download. */
  readonly allowedOrigins: readonly string[];
  readonly logger: Logger;
  readonly clock?: Clock;
}

/** An objects server that listens. Disposing ends transfers that are under way. */
export interface ObjectsServer extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
}

/** A refusal: status and one word for the client. */
class Refusal extends Error {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  constructor(status: number, message: string, headers: Readonly<Record<string, string>> = {}) {
    super(message);
    this.status = status;
    this.headers = headers;
  }
}

const PREFLIGHT_MAX_AGE_SECONDS = 600;
// A photo of 50 MB over a connection of 1 Mbit/s takes 400 s.
const REQUEST_TIMEOUT_MS = 600_000;
const CLIENT_GONE_CODES = new Set(['ECONNRESET', 'EPIPE', 'ERR_STREAM_PREMATURE_CLOSE']);

/**
 * Serves the presigned requests of a disk store, as S3 does for its own: PUT and GET under /objects/, nothing else but
 * /livez and /readyz. A request without a valid signature learns nothing, not even whether a key exists.
 */
export async function startObjectsServer(o: ObjectsServerOptions): Promise<ObjectsServer> {
  const { secret } = o.disk;
  if (secret === undefined) throw new TypeError('the objects server needs the secret that requests are signed with');
  const store = await openDiskStore(o.disk);
  const clock = o.clock ?? systemClock;
  const measure = objectsMetrics();

  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const url = new URL(request.url ?? '/', 'http://objects');
    if (url.pathname === '/livez') return answer(response, 200, 'live');
    if (url.pathname === '/readyz') {
      await store.check();
      return answer(response, 200, 'ready');
    }
    if (!url.pathname.startsWith(OBJECTS_PATH)) throw new Refusal(404, 'not found');
    measure(request, response);
    allowOrigin(request, response, o.allowedOrigins);
    switch (request.method) {
      case 'OPTIONS':
        return preflight(response);
      case 'PUT':
        return receive(request, response, store, granted(secret, 'PUT', url, clock));
      case 'GET':
        return send(request, response, store, granted(secret, 'GET', url, clock));
      default:
        throw new Refusal(405, 'method not allowed', { allow: 'GET, PUT, OPTIONS' });
    }
  };

  const server = createServer((request, response) => {
    handle(request, response).catch((error) => refuse(request, response, error, o.logger));
  });
  server.requestTimeout = REQUEST_TIMEOUT_MS;
  const port = await listen(server, o.host, o.port);
  o.logger.info({ port }, 'listening');
  return {
    url: `http://${o.host}:${port}`,
    port,
    async [Symbol.asyncDispose]() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
      await store[Symbol.asyncDispose]();
    },
  };
}

function granted<M extends Grant['method']>(
  secret: string,
  method: M,
  url: URL,
  clock: Clock,
): Extract<Grant, { method: M }> {
  const grant = verifiedGrant(secret, method, url, clock.now());
  if (grant === undefined) throw new Refusal(403, 'forbidden');
  return grant as Extract<Grant, { method: M }>;
}

async function receive(
  request: IncomingMessage,
  response: ServerResponse,
  store: DiskStore,
  grant: Extract<Grant, { method: 'PUT' }>,
): Promise<void> {
  const length = request.headers['content-length'];
  if (length === undefined) throw new Refusal(411, 'Content-Length is required');
  if (Number(length) !== grant.sizeBytes) throw new Refusal(403, 'Content-Length is not the one that was signed');
  if (request.headers['content-type'] !== grant.contentType) {
    throw new Refusal(403, 'Content-Type is not the one that was signed');
  }
  // Not the request itself: a put that fails destroys its stream, and with the socket the answer would be gone.
  const body = Readable.from(request.iterator({ destroyOnReturn: false }), { objectMode: false });
  const stored = await store.put(grant.key, body, grant);
  response.setHeader('etag', `"${stored.sha256}"`);
  answer(response, 200, '');
}

async function send(
  request: IncomingMessage,
  response: ServerResponse,
  store: DiskStore,
  grant: Extract<Grant, { method: 'GET' }>,
): Promise<void> {
  await using file = await store.open(grant.key);
  const { sizeBytes, sha256, contentType } = file.facts;
  const etag = `"${sha256}"`;
  response.setHeaders(
    new Headers({
      'content-type': contentType,
      etag,
      'accept-ranges': 'bytes',
      'cache-control': 'private, no-store',
      'last-modified': file.modified.toUTCString(),
      'x-content-type-options': 'nosniff',
    }),
  );
  if (grant.fileName !== undefined) response.setHeader('content-disposition', contentDisposition(grant.fileName));

  const isSameVersion = (request.headers['if-range'] ?? etag) === etag;
  const range = isSameVersion ? requestedRange(request.headers.range, sizeBytes) : undefined;
  if (range === 'unsatisfiable') {
    throw new Refusal(416, 'the range lies outside the object', { 'content-range': `bytes */${sizeBytes}` });
  }
  if (range !== undefined) response.setHeader('content-range', `bytes ${range.start}-${range.end}/${sizeBytes}`);
  response.writeHead(range === undefined ? 200 : 206, {
    'content-length': range === undefined ? sizeBytes : range.end - range.start + 1,
  });
  if (sizeBytes === 0) response.end();
  else await pipeline(file.stream(range), response);
}

function allowOrigin(request: IncomingMessage, response: ServerResponse, allowed: readonly string[]): void {
  const { origin } = request.headers;
  response.setHeader('vary', 'origin');
  if (origin === undefined || !allowed.includes(origin)) return;
  response.setHeader('access-control-allow-origin', origin);
  response.setHeader('access-control-expose-headers', 'etag, content-length, content-range, content-disposition');
}

function preflight(response: ServerResponse): void {
  if (response.hasHeader('access-control-allow-origin')) {
    response.setHeader('access-control-allow-methods', 'GET, PUT');
    response.setHeader('access-control-allow-headers', 'content-type, range');
    response.setHeader('access-control-max-age', PREFLIGHT_MAX_AGE_SECONDS);
  }
  response.writeHead(204).end();
}

function refuse(request: IncomingMessage, response: ServerResponse, error: unknown, logger: Logger): void {
  const refusal = refusalOf(error, logger);
  if (response.headersSent || response.destroyed) {
    response.destroy();
    return;
  }
  for (const name of ['content-type', 'content-disposition', 'etag', 'last-modified']) response.removeHeader(name);
  response.setHeaders(new Headers({ ...refusal.headers }));
  answer(response, refusal.status, refusal.message);
  request.resume(); // what the client still sends is read and dropped, so that it gets to read the answer
}

function refusalOf(error: unknown, logger: Logger): Refusal {
  if (error instanceof Refusal) return error;
  if (error instanceof BodyMismatch) return new Refusal(400, error.message);
  if (error instanceof ObjectNotFound || error instanceof InvalidKey) return new Refusal(404, 'not found');
  if (CLIENT_GONE_CODES.has((error as NodeJS.ErrnoException).code ?? '')) {
    logger.debug('a client went away in mid-transfer');
    return new Refusal(400, 'the body ended early');
  }
  logger.error({ err: error }, 'a request failed');
  return error instanceof DomainError ? new Refusal(503, 'the store is down') : new Refusal(500, 'internal error');
}

function answer(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, {
    'content-type': 'text/plain; charset=utf-8',
    'content-length': Buffer.byteLength(text),
  });
  response.end(text);
}

function listen(server: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve((server.address() as AddressInfo).port);
    });
  });
}
