import type { Logger } from '@irisvue/runtime';
import { Kysely, PostgresDialect, sql } from 'kysely';
import pg from 'pg';
import { explainingPool } from './connection-errors.ts';

/** A pool of connections to one PostgreSQL database whose tables are `DB`. Dispose of it to close them. */
export type Database<DB> = Kysely<DB>;

export interface DatabaseOptions {
  readonly logger: Logger;
  /** Connections at most; a call beyond waits for one. Default 10. */
  readonly poolSize?: number;
}

const DEFAULT_POOL_SIZE = 10;
const CONNECT_TIMEOUT_MS = 5_000;
// A statement or an open transaction that takes longer holds locks that others wait for: better to fail it.
const STATEMENT_TIMEOUT_MS = 30_000;
const IDLE_IN_TRANSACTION_TIMEOUT_MS = 30_000;

/**
 * Opens a database; connects when first used. `bigint` columns and counts arrive as numbers (a value beyond 2^53 throws).
 * A statement that finds PostgreSQL out of reach throws DomainError DEPENDENCY_DOWN {dependency: 'database'}; a lost
 * connection is replaced by the next statement.
 */
export function openDatabase<DB>(url: string, o: DatabaseOptions): Database<DB> {
  const pool = new pg.Pool({
    connectionString: url,
    max: o.poolSize ?? DEFAULT_POOL_SIZE,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    statement_timeout: STATEMENT_TIMEOUT_MS,
    idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_TIMEOUT_MS,
    keepAlive: true,
    types: { getTypeParser },
  });
  // An idle connection that the server closes is an event without a caller; unheard, it would end the process.
  pool.on('error', (error: NodeJS.ErrnoException) => {
    o.logger.warn({ code: error.code }, 'lost an idle database connection');
  });
  return new Kysely<DB>({ dialect: new PostgresDialect({ pool: explainingPool(pool) }) });
}

/** Readiness: resolves when PostgreSQL answers, else throws DEPENDENCY_DOWN. */
export async function checkDatabase<DB>(db: Database<DB>): Promise<void> {
  await sql`select 1`.execute(db);
}

const INT8_OID = pg.types.builtins.INT8;

function getTypeParser(oid: number, format?: 'text' | 'binary'): (value: string) => unknown {
  return oid === INT8_OID && format !== 'binary' ? parseInt8 : pg.types.getTypeParser(oid, format as 'text');
}

function parseInt8(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value)) throw new RangeError('a bigint value exceeds 2^53 and would lose digits');
  return value;
}
