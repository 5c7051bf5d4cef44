import type { DescService } from '@bufbuild/protobuf';
import { type Client, Code, ConnectError, createClient, type Interceptor, type Transport } from '@connectrpc/connect';
import { createGrpcTransport } from '@connectrpc/connect-node';
import { ErrorDetailSchema, ErrorReason } from '@irisvue/contracts/irisvue/errors/v1/errors';
import { errorDetail } from './errors.ts';
import { MAX_MESSAGE_BYTES } from './limits.ts';
import { mapStream } from './map-stream.ts';
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
 * one without a named reason that means "not there" gets DEPENDENCY_DOWN {dependency}. See errorDetail().
 */
export function createServiceClient<S extends DescService>(service: S, o: ServiceClientOptions): Client<S> {
  const peer = peerName(service);
  const transport = createGrpcTransport({
    baseUrl: o.url,
    interceptors: [
      clientTracing(peer),
      namedErrors(peer),
      ...(o.token === undefined ? [] : [bearer(o.token)]),
      ...(o.interceptors ?? []),
    ],
    readMaxBytes: MAX_MESSAGE_BYTES,
    writeMaxBytes: MAX_MESSAGE_BYTES,
    pingIntervalMs: PING_INTERVAL_MS,
    pingTimeoutMs: PING_TIMEOUT_MS,
  });
  return createClient(service, withUnaryDeadline(transport, o.timeoutMs ?? DEFAULT_TIMEOUT_MS));
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

function namedErrors(peer: string): Interceptor {
  return (next) => async (request) => {
    try {
      const response = await next(request);
      if (!response.stream) {
        return response;
      }
      const message = mapStream(response.message, async (step) => {
        try {
          return await step();
        } catch (error) {
          throw named(error, peer);
        }
      });
      return { ...response, message };
    } catch (error) {
      throw named(error, peer);
    }
  };
}

function named(reason: unknown, peer: string): ConnectError {
  const error = ConnectError.from(reason);
  const unreachable = error.code === Code.Unavailable || error.code === Code.DeadlineExceeded;
  if (unreachable && errorDetail(error) === undefined) {
    const metadata = { dependency: peer };
    error.details.push({ desc: ErrorDetailSchema, value: { reason: ErrorReason.DEPENDENCY_DOWN, metadata } });
  }
  return fromUpstream(error, peer);
}
