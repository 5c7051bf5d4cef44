import type { ServerResponse } from 'node:http';
import type { Http2ServerResponse } from 'node:http2';

/** Answers a plain HTTP request with JSON that no cache keeps. */
export function sendJson(
  response: ServerResponse | Http2ServerResponse,
  status: number,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): void {
  response.statusCode = status;
  for (const [name, value] of Object.entries({
    'content-type': 'application/json',
    'cache-control': 'no-store',
    ...headers,
  })) {
    response.setHeader(name, value);
  }
  response.end(`${JSON.stringify(body)}\n`);
}
