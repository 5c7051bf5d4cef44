import type { DescService } from '@bufbuild/protobuf';
import { type Client, Code, ConnectError, createClient, type Interceptor, type Transport } from '@connectrpc/connect';
import { ErrorDetailSchema, ErrorReason } from '@irisvue/contracts/irisvue/errors/v1/errors';
import { balancedTransport } from './balanced-transport.ts';
import { catchErrors } from './catch-errors.ts';
import { errorDetail } from './errors.ts';
import { createReplica } from './replica.ts';
import { keepReplicas, type Replicas } from './replicas.ts';
import { type ResolveHost, resolveHost } from './resolve-host.ts';
import { clientTracing } from './tracing-interceptors.ts';
import { fromUpstream } from './upstream-errors.ts';

/** Time that a unary call may take unless told otherwise. */
export const DEFAULT_TIMEOUT_MS = 10_000;

export interface ServiceClientOptions {
  /** Base URL of the service, http (h2c) or https; or those of its replicas, separated by commas. */
  readonly url: string;
  /** Gives the bearer token of each call, for example a serviceTokenSource. */
  readonly token?: () => Promise<string>;
  /** Deadline of unary calls in milliseconds. A stream has one only when its call asks for it. */
  readonly timeoutMs?: number;
  readonly interceptors?: readonly Interceptor[];
  /** How the host name of the URL becomes addresses; the system is asked by default. */
  readonly resolve?: ResolveHost;
}

/**
 * A client of another service: gRPC over HTTP/2, trace context, deadline, bearer token, calls spread over the replicas
 * that the host name resolves to. Its errors are ConnectErrors; one that means "not there" has DEPENDENCY_DOWN
 * {dependency}. Read them with errorDetail().
 */
export function createServiceClient<S extends DescService>(service: S, o: ServiceClientOptions): Client<S> {
  return createClient(
    service,
    createServiceTransport({ ...o, peer: peerName(service), interceptors: own(service, o) }),
  );
}

/**
 * For what is asked of every replica of a service and not of one: gives a client of each, as the host name resolves at
 * that moment. Other than that they are what createServiceClient makes.
 */
export function replicaClients<S extends DescService>(
  service: S,
  o: ServiceClientOptions,
): () => Promise<readonly Client<S>[]> {
  const replicas = replicasOf({ ...o, peer: peerName(service), interceptors: own(service, o) });
  return async () =>
    (await replicas.current()).map(({ transport }) =>
      createClient(service, withUnaryDeadline(transport, peerName(service), o.timeoutMs)),
    );
}

function own(service: DescService, o: ServiceClientOptions): Interceptor[] {
  return [
    rememberPeer(peerName(service)),
    ...(o.token === undefined ? [] : [bearer(o.token)]),
    ...(o.interceptors ?? []),
  ];
}

interface ServiceTransportOptions extends Pick<ServiceClientOptions, 'url' | 'timeoutMs' | 'interceptors' | 'resolve'> {
  readonly peer: string;
}

/**
 * What createServiceClient calls through, without a token of its own: for whoever passes calls on. `timeoutMs` is the
 * deadline of unary calls that bring none.
 */
export function createServiceTransport(o: ServiceTransportOptions): Transport {
  return withUnaryDeadline(balancedTransport(replicasOf(o)), o.peer, o.timeoutMs);
}

function replicasOf({ url, peer, interceptors = [], resolve = resolveHost }: ServiceTransportOptions): Replicas {
  return keepReplicas({
    urls: url.split(','),
    resolve,
    create({ url, address }) {
      const { port, protocol } = new URL(url);
      const at = { address, port: Number(port || (protocol === 'https:' ? 443 : 80)) };
      const traced = [clientTracing(peer, at), catchErrors((error, { signal }) => named(error, peer, signal))];
      return createReplica({ url, address, interceptors: [...interceptors, ...traced] });
    },
  });
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

/** Gives calls that bring no deadline this one. One that passed says so past all interceptors, so it is named here. */
function withUnaryDeadline(transport: Transport, peer: string, defaultTimeoutMs = DEFAULT_TIMEOUT_MS): Transport {
  return {
    async unary(method, signal, timeoutMs, ...rest) {
      try {
        return await transport.unary(method, signal, timeoutMs ?? defaultTimeoutMs, ...rest);
      } catch (error) {
        throw named(error, peer, signal);
      }
    },
    stream: (...call) => transport.stream(...call),
  };
}

// What such a client throws into a handler is a peer's answer to *our* call; errors.ts at the boundary wants to know.
function rememberPeer(peer: string): Interceptor {
  return catchErrors((error) => fromUpstream(ConnectError.from(error), peer));
}

function named(reason: unknown, peer: string, signal: AbortSignal | undefined): ConnectError {
  const error = ConnectError.from(reason);
  // Canceled or reset, and not by us: the connection was cut.
  const wasCut = signal?.aborted !== true && (error.code === Code.Canceled || wasReset(error));
  const code = wasCut || wasRefused(error) ? Code.Unavailable : error.code;
  const unreachable = code === Code.Unavailable || code === Code.DeadlineExceeded;
  if (!unreachable || errorDetail(error) !== undefined) {
    return error;
  }
  const detail = {
    desc: ErrorDetailSchema,
    value: { reason: ErrorReason.DEPENDENCY_DOWN, metadata: { dependency: peer } },
  };
  return new ConnectError(`${peer} does not answer`, code, error.metadata, [detail], error);
}

// The connection ended under the call. Connect makes ABORTED of what Node says, as if the peer had answered so.
function wasReset({ cause }: ConnectError): boolean {
  return cause instanceof Error && 'code' in cause && cause.code === 'ECONNRESET';
}

// A server that stops closes streams that it has not taken up. Node may say so before HTTP/2's own code is read, and
// the call then ends with INTERNAL.
function wasRefused({ cause }: ConnectError): boolean {
  if (!(cause instanceof Error) || !('code' in cause)) return false;
  return cause.code === 'ERR_HTTP2_STREAM_ERROR' && cause.message.includes('NGHTTP2_REFUSED_STREAM');
}
