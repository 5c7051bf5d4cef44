import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Http2ServerRequest, Http2ServerResponse } from 'node:http2';
import { Code, ConnectError, type ConnectRouter } from '@connectrpc/connect';
import { universalRequestFromNodeRequest, universalResponseToNodeResponse } from '@connectrpc/connect-node';
import type { CorsPolicy } from './cors.ts';
import type { Logger } from './log.ts';
import { peerValues } from './peer-address.ts';
import { sendJson } from './send-json.ts';

export type HttpRequest = IncomingMessage | Http2ServerRequest;
export type HttpResponse = ServerResponse | Http2ServerResponse;
export type Handler = ConnectRouter['handlers'][number];

/** Plain HTTP beside the RPCs: takes a request and returns true, or returns false and has not touched it. */
export type PlainHttp = (request: HttpRequest, response: HttpResponse) => boolean;

/** Answers HTTP requests and knows when none is in flight. */
export interface HttpHandler {
  readonly listener: (request: HttpRequest, response: HttpResponse) => void;
  /** Resolves when no request is in flight. */
  idle(): Promise<void>;
}

/** Routes a request: CORS, plain paths, RPCs by path, else 404. */
export function httpHandler(o: {
  readonly handlers: readonly Handler[];
  readonly plain: readonly PlainHttp[];
  readonly cors: CorsPolicy;
  readonly logger: Logger;
}): HttpHandler {
  const byPath = new Map(o.handlers.map((handler) => [handler.requestPath, handler]));
  const waiting = new Set<() => void>();
  let inFlight = 0;

  const listener = (request: HttpRequest, response: HttpResponse): void => {
    inFlight++;
    response.once('close', () => {
      inFlight--;
      if (inFlight === 0) {
        for (const resolve of waiting) {
          resolve();
        }
        waiting.clear();
      }
    });
    try {
      if (o.cors(request, response) || o.plain.some((take) => take(request, response))) {
        return;
      }
    } catch (error) {
      o.logger.error({ err: error, method: request.method }, 'a request failed unexpectedly');
      sendJson(response, 500, { code: 'internal', message: 'internal error' });
      return;
    }
    const handler = byPath.get(request.url?.split('?', 1)[0] ?? '');
    if (handler === undefined) {
      sendJson(response, 404, { code: 'unimplemented', message: 'nothing is served at this path' });
      return;
    }
    call(handler, request, response).catch((error: unknown) => {
      // The caller hung up: that is their right, and the handler was told by its signal.
      if (![Code.Aborted, Code.Canceled].includes(ConnectError.from(error).code)) {
        o.logger.warn({ err: error, rpc: handler.requestPath.slice(1) }, 'an answer could not be written');
      }
      response.destroy();
    });
  };

  const idle = (): Promise<void> =>
    inFlight === 0 ? Promise.resolve() : new Promise((resolve) => waiting.add(resolve));

  return { listener, idle };
}

async function call(handler: Handler, request: HttpRequest, response: HttpResponse): Promise<void> {
  const answer = await handler(universalRequestFromNodeRequest(request, response, undefined, peerValues(request)));
  await universalResponseToNodeResponse(answer, response);
}
