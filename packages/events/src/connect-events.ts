import { DomainError, ErrorReason, type Logger } from '@irisvue/runtime';
import { type JetStreamClient, type JetStreamManager, jetstream, jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/nats-core';
import { connect } from '@nats-io/transport-node';
import { EVENTS_STREAM, ensureStreams } from './streams.ts';

/** A connection to the streams. Dispose of it to send what is pending and close. */
export interface EventBus extends AsyncDisposable {
  /** Readiness: resolves when the stream of events answers, else throws DEPENDENCY_DOWN {dependency: 'nats'}. */
  check(): Promise<void>;
  /** Publishes and consumes; for this package. */
  readonly streams: JetStreamClient;
  /** Makes and describes streams and consumers; for this package. */
  readonly manager: JetStreamManager;
}

const CONNECT_TIMEOUT_MS = 5_000;
const RECONNECT_WAIT_MS = 250;
const REQUEST_TIMEOUT_MS = 5_000;
// A server that is gone without closing the connection is noticed after two of these.
const PING_INTERVAL_MS = 10_000;
const DRAIN_TIMEOUT_MS = 5_000;

/**
 * Connects to NATS and makes the streams EVENTS and DEAD_LETTERS. Once connected it reconnects for ever, and what
 * needs the server meanwhile throws. Rejects with DEPENDENCY_DOWN {dependency: 'nats'} when there is no server now.
 */
export async function connectEvents(o: {
  readonly url: string;
  /** Shown by the server for this connection. */
  readonly name: string;
  readonly logger: Logger;
}): Promise<EventBus> {
  const connection = await connect({
    servers: o.url,
    name: o.name,
    timeout: CONNECT_TIMEOUT_MS,
    maxReconnectAttempts: -1,
    reconnectTimeWait: RECONNECT_WAIT_MS,
    pingInterval: PING_INTERVAL_MS,
  }).catch(rethrowDown);
  try {
    const manager = await jetstreamManager(connection, { timeout: REQUEST_TIMEOUT_MS });
    await ensureStreams(manager);
    void logStatus(connection, o.logger);
    return {
      streams: jetstream(connection, { timeout: REQUEST_TIMEOUT_MS }),
      manager,
      check: async () => {
        await manager.streams.info(EVENTS_STREAM).catch(rethrowDown);
      },
      [Symbol.asyncDispose]: () => closeConnection(connection),
    };
  } catch (error) {
    await connection.close();
    return rethrowDown(error);
  }
}

function rethrowDown(error: unknown): never {
  throw new DomainError(ErrorReason.DEPENDENCY_DOWN, 'NATS is out of reach', { dependency: 'nats' }, { cause: error });
}

async function logStatus(connection: NatsConnection, logger: Logger): Promise<void> {
  for await (const status of connection.status()) {
    if (status.type === 'disconnect') logger.warn('lost the connection to NATS');
    if (status.type === 'reconnect') logger.info('connected to NATS again');
  }
}

/** Drains, but not for ever: without a server there is nobody to drain to. */
async function closeConnection(connection: NatsConnection): Promise<void> {
  if (connection.isClosed()) return;
  const timer = setTimeout(() => void connection.close(), DRAIN_TIMEOUT_MS);
  try {
    await connection.drain();
  } catch {
    await connection.close(); // drain() refuses while the connection is being made anew
  } finally {
    clearTimeout(timer);
  }
}
