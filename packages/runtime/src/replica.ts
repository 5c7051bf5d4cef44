import { isIP, type LookupFunction } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import type { Interceptor, Transport } from '@connectrpc/connect';
import { createGrpcTransport, Http2SessionManager } from '@connectrpc/connect-node';
import { MAX_MESSAGE_BYTES } from './limits.ts';

// An HTTP/2 connection whose peer vanished without a word is found out after this long.
const PING_INTERVAL_MS = 10_000;
const PING_TIMEOUT_MS = 5_000;
// Who takes longer to accept a connection counts as gone while there is somebody else to call.
const CONNECT_LIMIT_MS = 2_000;
// A replica that is down is tried again this often, beside the calls and not within one.
const PROBE_EVERY_MS = 1_000;

/** One process of a service, at one address, with one HTTP/2 connection to it. */
export interface Replica {
  readonly transport: Transport;
  /** Calls in flight, and those that are about to begin. */
  readonly load: number;
  /** Whether it could not be reached when it was last tried. */
  readonly isDown: boolean;
  /** Counts as one call more until it is disposed of. */
  reserve(): Disposable;
  /** Connects if need be. False: it cannot be reached, or not within 2 s, or the signal fired first. */
  connect(signal: AbortSignal | undefined): Promise<boolean>;
  /** Tries in the background whether it is there again; not more often than once a second. */
  probe(): void;
  /** Ends the connection as soon as no call is in flight. */
  retire(): void;
}

/**
 * The replica of the service with base URL `url` (http or https) that listens at `address`: an IP address, or the host
 * name itself while nobody could say more. Connects when it is called.
 */
export function createReplica(o: {
  readonly url: string;
  readonly address: string;
  readonly interceptors: readonly Interceptor[];
}): Replica {
  const pings = { pingIntervalMs: PING_INTERVAL_MS, pingTimeoutMs: PING_TIMEOUT_MS };
  // The URL stays what it is, for the authority of calls and the certificate; only the way there is given.
  const lookup = isIP(o.address) === 0 ? undefined : lookupOf(o.address);
  const sessionManager = new Http2SessionManager(o.url, pings, { ...(lookup && { lookup }) });
  let load = 0;
  let isDown = false;
  let isRetired = false;
  let probedAt = Number.NEGATIVE_INFINITY;

  const reserve = (): Disposable => {
    load += 1;
    let held = true;
    return {
      [Symbol.dispose]: () => {
        if (!held) return;
        held = false;
        load -= 1;
        if (isRetired && load === 0) sessionManager.abort();
      },
    };
  };
  const counted: Interceptor = (next) => (request) => {
    const call = reserve();
    // It fires when a call has ended, however that happened.
    if (request.signal.aborted) call[Symbol.dispose]();
    else request.signal.addEventListener('abort', () => call[Symbol.dispose](), { once: true });
    return next(request);
  };
  const connect = async (signal: AbortSignal | undefined): Promise<boolean> => {
    const done = new AbortController();
    const limit = AbortSignal.any([done.signal, ...(signal === undefined ? [] : [signal])]);
    const late = wait(CONNECT_LIMIT_MS, 'error' as const, { signal: limit }).catch(() => 'error' as const);
    isDown = (await Promise.race([sessionManager.connect(), late])) === 'error' && signal?.aborted !== true;
    done.abort();
    return !isDown && signal?.aborted !== true;
  };

  return {
    transport: createGrpcTransport({
      baseUrl: o.url,
      sessionManager,
      interceptors: [counted, ...o.interceptors],
      readMaxBytes: MAX_MESSAGE_BYTES,
      writeMaxBytes: MAX_MESSAGE_BYTES,
    }),
    get load() {
      return load;
    },
    get isDown() {
      return isDown;
    },
    reserve,
    connect,
    probe() {
      if (performance.now() - probedAt < PROBE_EVERY_MS) return;
      probedAt = performance.now();
      void connect(undefined);
    },
    retire() {
      isRetired = true;
      if (load === 0) sessionManager.abort();
    },
  };
}

function lookupOf(address: string): LookupFunction {
  const family = isIP(address);
  return (_host, { all }, found) => (all ? found(null, [{ address, family }]) : found(null, address, family));
}
