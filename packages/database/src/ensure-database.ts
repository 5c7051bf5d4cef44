import pg from 'pg';
import { explainConnectionError } from './connection-errors.ts';

// The database that every cluster has, to connect to while the wanted one does not exist.
const MAINTENANCE_DATABASE = 'postgres';

const DUPLICATE_DATABASE = '42P04';
const UNIQUE_VIOLATION = '23505'; // what the loser of two simultaneous CREATE DATABASE gets

/**
 * Creates the database that `url` names when it is missing; harmless when it exists or when two processes do it at once.
 * For development and tests: the user of `url` must be allowed to create databases. Throws DEPENDENCY_DOWN when
 * PostgreSQL is out of reach, TypeError when `url` names no database.
 */
export async function ensureDatabase(url: string): Promise<void> {
  const maintenance = new URL(url);
  const name = decodeURIComponent(maintenance.pathname.slice(1));
  if (name === '') throw new TypeError('the database URL names no database');
  maintenance.pathname = `/${MAINTENANCE_DATABASE}`;
  const client = new pg.Client({ connectionString: maintenance.href });
  client.on('error', () => undefined); // a connection lost in mid-query rejects the query, which is where it is handled
  try {
    await client.connect();
    const found = await client.query('select 1 from pg_database where datname = $1', [name]);
    if (found.rowCount === 0) await client.query(`create database ${pg.escapeIdentifier(name)}`);
  } catch (error) {
    const code = error instanceof pg.DatabaseError ? error.code : undefined;
    if (code !== DUPLICATE_DATABASE && code !== UNIQUE_VIOLATION) throw explainConnectionError(error);
  } finally {
    await client.end();
  }
}
