import { DomainError, ErrorReason } from '@irisvue/runtime';
import type { PostgresClientConstructor, PostgresPool, PostgresPoolClient } from 'kysely';
import pg from 'pg';

// Codes of node:net and of the resolver for a server that cannot be reached or that went away.
const NETWORK_CODES = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ECONNABORTED',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
  'ENOENT', // a Unix socket that is not there
]);

// SQLSTATE, https://www.postgresql.org/docs/current/errcodes-appendix.html: class 08 connection exceptions,
// 57P01 admin_shutdown, 57P02 crash_shutdown, 57P03 cannot_connect_now, 53300 too_many_connections.
const UNAVAILABLE_STATES = /^(08...|57P0[123]|53300)$/;

// pg raises these without a code.
const UNCODED_MESSAGES = [
  'Connection terminated',
  'Client has encountered a connection error and is not queryable',
  'timeout exceeded when trying to connect',
  'timeout expired',
];

/** Whether `error` says that PostgreSQL is out of reach, as opposed to a statement that it refused. */
export function isConnectionError(error: unknown): boolean {
  if (error instanceof AggregateError) return error.errors.some(isConnectionError); // one per address that was tried
  if (!(error instanceof Error)) return false;
  if (error instanceof pg.DatabaseError) return UNAVAILABLE_STATES.test(error.code ?? '');
  const code = (error as NodeJS.ErrnoException).code;
  if (code !== undefined) return NETWORK_CODES.has(code);
  return UNCODED_MESSAGES.some((message) => error.message.startsWith(message));
}

/**
 * Gives a connection error as DEPENDENCY_DOWN {dependency: 'database'}, with the driver's error as its cause (for the
 * log, never for the wire). Every other error is given back as it is.
 */
export function explainConnectionError(error: unknown): unknown {
  if (!isConnectionError(error)) return error;
  const explained = new DomainError(ErrorReason.DEPENDENCY_DOWN, 'the database is out of reach', {
    dependency: 'database',
  });
  explained.cause = error;
  return explained;
}

/** Kysely's view of `pool`, with connection errors explained at the one place that all statements pass. */
export function explainingPool(pool: pg.Pool): PostgresPool {
  return {
    Client: pg.Client as PostgresClientConstructor,
    options: pool.options,
    end: () => pool.end(),
    async connect() {
      const client = await pool.connect().catch(rethrowExplained);
      return explainingClient(client);
    },
  };
}

// A pooled client is wrapped once: Kysely keeps state per client object.
const explainingClients = new WeakMap<pg.PoolClient, PostgresPoolClient>();

function explainingClient(client: pg.PoolClient): PostgresPoolClient {
  const known = explainingClients.get(client);
  if (known !== undefined) return known;
  const wrapped = new Proxy(client, {
    get(target, name) {
      if (name === 'query') {
        return (text: string, values: unknown[]) => target.query(text, values).catch(rethrowExplained);
      }
      const value = Reflect.get(target, name, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  }) as unknown as PostgresPoolClient;
  explainingClients.set(client, wrapped);
  return wrapped;
}

function rethrowExplained(error: unknown): never {
  throw explainConnectionError(error);
}
