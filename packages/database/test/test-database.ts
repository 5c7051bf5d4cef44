import path from 'node:path';
import { createLogger } from '@irisvue/runtime';
import { sql } from 'kysely';
import { inject } from 'vitest';
import { type Database, ensureDatabase, migrate, newId, openDatabase, type RequestsTable } from '../src/index.ts';

export interface TestTables {
  rows: { id: string; amount: number | null };
  requests: RequestsTable;
}

export const logger = createLogger({ service: 'test', level: 'silent' });
export const MIGRATIONS = path.join(import.meta.dirname, 'migrations');

/** A URL of a database that does not exist yet. */
export function unusedDatabaseUrl(): string {
  const url = new URL(inject('postgresUrl'));
  url.pathname = `/test_${newId().replaceAll('-', '')}`;
  return url.href;
}

/** A migrated database of its own; dropped when disposed of. */
export async function createDatabase(): Promise<{ db: Database<TestTables>; url: string } & AsyncDisposable> {
  const url = unusedDatabaseUrl();
  await ensureDatabase(url);
  const db = openDatabase<TestTables>(url, { logger });
  await migrate(db, MIGRATIONS);
  return {
    db,
    url,
    async [Symbol.asyncDispose]() {
      await db.destroy();
      await dropDatabase(url);
    },
  };
}

export async function dropDatabase(url: string): Promise<void> {
  await using maintenance = openDatabase<unknown>(inject('postgresUrl'), { logger });
  const name = new URL(url).pathname.slice(1);
  await sql`drop database if exists ${sql.id(name)} with (force)`.execute(maintenance);
}

/** Ends other connections to the database of `db` as an administrator would; gives how many. */
export async function terminateOthers(db: Database<TestTables>): Promise<number> {
  const { rows } = await sql`
    select pg_terminate_backend(pid) from pg_stat_activity
    where datname = current_database() and pid <> pg_backend_pid()`.execute(db);
  return rows.length;
}

/** How many connections to the database of `db` wait for a lock. */
export async function countWaiting(db: Database<TestTables>): Promise<number> {
  const { rows } = await sql`
    select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`.execute(db);
  return rows.length;
}
