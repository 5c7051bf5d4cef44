import { type ContextValues, createContextKey, createContextValues } from '@connectrpc/connect';
import type { HttpRequest } from './http-handler.ts';

const peerKey = createContextKey<string | undefined>(undefined, { description: 'peer address' });

/** Context values of a request that has just come in. */
export function peerValues(request: HttpRequest): ContextValues {
  return createContextValues().set(peerKey, request.socket.remoteAddress);
}

/** IP address of the other end of the connection, which may be a proxy; undefined when it is gone already. */
export function peerAddress(values: ContextValues): string | undefined {
  return values.get(peerKey);
}
