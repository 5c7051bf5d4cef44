import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Http2ServerRequest, Http2ServerResponse } from 'node:http2';
import { cors } from '@connectrpc/connect';

const ALLOWED_HEADERS = [...cors.allowedHeaders, 'Authorization', 'traceparent', 'tracestate'].join(', ');
const ALLOWED_METHODS = [...cors.allowedMethods, 'OPTIONS'].join(', ');
const EXPOSED_HEADERS = cors.exposedHeaders.join(', ');
const PREFLIGHT_MAX_AGE_SECONDS = 7_200;

/** Sets CORS headers on a response; true when the request was a preflight and is answered. */
export type CorsPolicy = (
  request: IncomingMessage | Http2ServerRequest,
  response: ServerResponse | Http2ServerResponse,
) => boolean;

/**
 * CORS for an explicit list of origins, compared as they are written. A page of any other origin gets no CORS header,
 * so its browser keeps the answer from it; its preflight gets 403. Throws when an origin is not a bare origin.
 */
export function corsPolicy(origins: readonly string[]): CorsPolicy {
  for (const origin of origins) {
    if (!URL.canParse(origin) || new URL(origin).origin !== origin) {
      throw new Error(`${JSON.stringify(origin)} is not an origin such as "https://irisvue.example"`);
    }
  }
  const allowed = new Set(origins);
  return (request, response) => {
    const { origin } = request.headers;
    const preflight = request.method === 'OPTIONS' && request.headers['access-control-request-method'] !== undefined;
    if (origin === undefined) {
      return false;
    }
    response.setHeader('Vary', 'Origin');
    if (allowed.has(origin)) {
      response.setHeader('Access-Control-Allow-Origin', origin);
      response.setHeader('Access-Control-Expose-Headers', EXPOSED_HEADERS);
    }
    if (preflight) {
      response.setHeader('Access-Control-Allow-Methods', ALLOWED_METHODS);
      response.setHeader('Access-Control-Allow-Headers', ALLOWED_HEADERS);
      response.setHeader('Access-Control-Max-Age', PREFLIGHT_MAX_AGE_SECONDS);
      response.statusCode = allowed.has(origin) ? 204 : 403;
      response.end();
    }
    return preflight;
  };
}
