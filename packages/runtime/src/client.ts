import type { DescService } from '@bufbuild/protobuf';
import { type Client, Code, ConnectError, createClient, type Interceptor, type Transport } from '@connectrpc/connect';
import { createGrpcTransport } from '@connectrpc/connect-node';
import { ErrorDetailSchema, ErrorReason } from '@irisvue/contracts/irisvue/errors/v1/errors';
import { catchErrors } from './catch-errors.ts';
import { errorDetail } from './errors.ts';
import { MAX_MESSAGE_BYTES } from './limits.ts';
import { clientTracing } from './tracing-interceptors.ts';
import { fromUpstream } from './upstream-errors.ts';

/** Time that a unary call may take unless told otherwise. */
export const DEFAULT_TIMEOUT_MS = 10_000;

// An HTTP/2 connection whose peer vanished without a word is found out after this long.
const PING_INTERVAL_MS = 10_000;
const PING_TIMEOUT_MS = 5_000;

export interface ServiceClientOptions {
  /** Base URL of the service, http (h2c) or https. */
  readonly url: string;
  /** Gives the bearer token of each call, for example a serviceTokenSource. */
  readonly token?: () => Promise<string>;
  /** Deadline of unary calls in milliseconds. A stream has one only when its call asks for it. */
  readonly timeoutMs?: number;
  readonly interceptors?: readonly Interceptor[];
}

/**
 * A client of another service: gRPC over HTTP/2, trace context, deadline, bearer token. Its errors are ConnectErrors;
 * one that means "not there" has DEPENDENCY_DOWN {dependency}. Read them with errorDetail().
 */
export function createServiceClient<S extends DescService>(service: S, o: ServiceClientOptions): Client<S> {
  const peer = peerName(service);
  const interceptors = [
    rememberPeer(peer),
    ...(o.token === undefined ? [] : [bearer(o.token)]),
    ...(o.interceptors ?? []),
  ];
  return createClient(service, createServiceTransport({ peer, url: o.url, timeoutMs: o.timeoutMs, interceptors }));
}

/**
 * What createServiceClient calls through, without a token of its own: for whoever passes calls on. `timeoutMs` is the
 * deadline of unary calls that bring none.
 */
export function createServiceTransport(o: {
  readonly peer: string;
  readonly url: string;
  readonly timeoutMs?: number;
  readonly interceptors?: readonly Interceptor[];
}): Transport {
  const transport = createGrpcTransport({
    baseUrl: o.url,
    interceptors: [...(o.interceptors ?? []), clientTracing(o.peer), catchErrors((error) => named(error, o.peer))],
    readMaxBytes: MAX_MESSAGE_BYTES,
    writeMaxBytes: MAX_MESSAGE_BYTES,
    pingIntervalMs: PING_INTERVAL_MS,
    pingTimeoutMs: PING_TIMEOUT_MS,
  });
  return withUnaryDeadline(transport, o.timeoutMs ?? DEFAULT_TIMEOUT_MS);
}

/** "jobs" for irisvue.jobs.v1.JobService: the room that a contract belongs to. */
export function peerName(service: DescService): string {
  return service.file.proto.package.split('.').at(-2) ?? service.typeName;
}

function bearer(token: () => Promise<string>): Interceptor {
  return (next) => async (request) => {
    request.header.set('Authorization', `Bearer ${await token()}`);
    return next(request);
  };
}

function withUnaryDeadline(transport: Transport, defaultTimeoutMs: number): Transport {
  return {
    unary: (method, signal, timeoutMs, ...rest) =>
      transport.unary(method, signal, timeoutMs ?? defaultTimeoutMs, ...rest),
    stream: (...call) => transport.stream(...call),
  };
}

// What such a client throws into a handler is a peer's answer to *our* call; errors.ts at the boundary wants to know.
function rememberPeer(peer: string): Interceptor {
  return catchErrors((error) => fromUpstream(ConnectError.from(error), peer));
}

function named(reason: unknown, peer: string): ConnectError {
  const error = ConnectError.from(reason);
  const unreachable = error.code === Code.Unavailable || error.code === Code.DeadlineExceeded;
  if (!unreachable || errorDetail(error) !== undefined) {
    return error;
  }
  const detail = {
    desc: ErrorDetailSchema,
    value: { reason: ErrorReason.DEPENDENCY_DOWN, metadata: { dependency: peer } },
  };
  return new ConnectError(`${peer} does not answer`, error.code, error.metadata, [detail], error);
}
