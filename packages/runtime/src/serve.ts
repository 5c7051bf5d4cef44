import type { AddressInfo, Server } from 'node:net';
import type { DescService } from '@bufbuild/protobuf';
import { Code, ConnectError, type ConnectRouter, createConnectRouter, type Interceptor } from '@connectrpc/connect';
import { compressionGzip } from '@connectrpc/connect-node';
import { createValidateInterceptor } from '@connectrpc/validate';
import { Health } from '@irisvue/contracts/grpc/health/v1/health';
import { reflectionRoutes } from '@irisvue/reflection';
import { corsPolicy } from './cors.ts';
import { errorInterceptor } from './error-interceptor.ts';
import { healthRoutes } from './health.ts';
import { type Handler, httpHandler, type PlainHttp } from './http-handler.ts';
import { MAX_MESSAGE_BYTES } from './limits.ts';
import type { Logger } from './log.ts';
import { probePaths } from './probe-paths.ts';
import { createReadiness, type Readiness } from './readiness.ts';
import { rpcMetrics } from './rpc-metrics.ts';
import { sharedPort } from './shared-port.ts';
import { stoppingInterceptor } from './stopping.ts';
import { serverTracing } from './tracing-interceptors.ts';

/** Time that calls in flight get to end when the server stops. */
export const DEFAULT_DRAIN_MS = 10_000;
// After the drain bound every handler's signal fires; it gets this long to answer before its connection is cut.
const ABORT_GRACE_MS = 500;
// With no call in flight connections end by themselves; a peer that keeps its half open is cut.
const CLOSE_GRACE_MS = 500;
const HEADER_TIMEOUT_MS = 10_000;

export interface ServeOptions {
  /** Name of the service. */
  readonly name: string;
  /** Version to show in /livez. */
  readonly version?: string;
  readonly host: string;
  /** 0 lets the system choose. */
  readonly port: number;
  readonly logger: Logger;
  /** Mounts the services. */
  readonly routes: (router: ConnectRouter) => void;
  /** Run after tracing and errors and before validation: authInterceptor() belongs here. */
  readonly interceptors?: readonly Interceptor[];
  /** What the service cannot work without, by name; a check throws while its dependency is down. */
  readonly readiness: Readonly<Record<string, () => Promise<void>>>;
  /** Plain HTTP paths beside the RPCs. Returns true when it has taken the request. */
  readonly http?: PlainHttp;
  /** Origins whose pages may call, for example "https://irisvue.example". None by default; never "*". */
  readonly allowedOrigins?: readonly string[];
  /** How long a stop waits for calls in flight, in milliseconds. */
  readonly drainMs?: number;
  /** How long a connection may take to send the head of a request, in milliseconds. */
  readonly headerTimeoutMs?: number;
}

/** A server that listens. Disposing stops it gracefully: accept no more, drain, then close. */
export interface RunningServer extends AsyncDisposable {
  /** Base URL, with the port that the system chose. */
  readonly url: string;
  readonly port: number;
}

/**
 * Serves RPCs on one port: Connect, gRPC and gRPC-Web over HTTP/1.1 and HTTP/2 cleartext. Built in are metrics, tracing,
 * errors, validation, gRPC health (with Watch), reflection v1 and v1alpha, /livez and /readyz, CORS for the listed
 * origins, and a bound of 4 MiB on each message. Rejects when the address cannot be had.
 */
export async function serve(o: ServeOptions): Promise<RunningServer> {
  const readiness = createReadiness(o.readiness, o.logger);
  const stopping = new AbortController();
  const shutdown = new AbortController();
  const handler = httpHandler({
    handlers: rpcHandlers(o, readiness, stopping.signal, shutdown.signal),
    plain: [probePaths({ name: o.name, version: o.version, readiness }), ...(o.http === undefined ? [] : [o.http])],
    cors: corsPolicy(o.allowedOrigins ?? []),
    logger: o.logger,
  });
  const port = sharedPort({
    listener: handler.listener,
    headerTimeoutMs: o.headerTimeoutMs ?? HEADER_TIMEOUT_MS,
    logger: o.logger,
  });
  const bound = await listen(port.server, o.host, o.port);
  o.logger.info({ port: bound }, 'listening');

  let stopped: Promise<void> | undefined;
  const stop = async (): Promise<void> => {
    readiness.stop();
    stopping.abort(new ConnectError('the server is stopping', Code.Unavailable));
    port.stopAccepting();
    if (!(await within(handler.idle(), o.drainMs ?? DEFAULT_DRAIN_MS))) {
      shutdown.abort(new ConnectError('the server is stopping', Code.Unavailable));
      await within(handler.idle(), ABORT_GRACE_MS);
    }
    if (!(await within(port.drained(), CLOSE_GRACE_MS))) {
      port.close();
      await port.drained();
    }
    o.logger.info('stopped');
  };

  return {
    url: `http://${o.host.includes(':') ? `[${o.host}]` : o.host}:${bound}`,
    port: bound,
    [Symbol.asyncDispose]: () => (stopped ??= stop()),
  };
}

function rpcHandlers(
  o: ServeOptions,
  readiness: Readiness,
  stopping: AbortSignal,
  shutdownSignal: AbortSignal,
): Handler[] {
  const router = createConnectRouter({
    // The first is the outermost.
    interceptors: [
      rpcMetrics(),
      serverTracing,
      errorInterceptor(o.logger),
      stoppingInterceptor(stopping),
      ...(o.interceptors ?? []),
      createValidateInterceptor(),
    ],
    acceptCompression: [compressionGzip],
    readMaxBytes: MAX_MESSAGE_BYTES,
    writeMaxBytes: MAX_MESSAGE_BYTES,
    shutdownSignal,
  });
  o.routes(router);
  const served = new Set<DescService>(router.handlers.map((handler) => handler.service));
  healthRoutes(router, readiness, served);
  reflectionRoutes(router, [...served, Health]);
  return router.handlers;
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

/** True when `done` settles within `ms`. */
async function within(done: Promise<void>, ms: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(resolve, ms, false);
  });
  const inTime = await Promise.race([done.then(() => true), late]);
  clearTimeout(timer);
  return inTime;
}
