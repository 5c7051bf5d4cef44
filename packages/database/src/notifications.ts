import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from '@irisvue/runtime';
import { sql, type Transaction } from 'kysely';
import pg from 'pg';
import type { Database } from './open-database.ts';

const FIRST_RETRY_MS = 100;
const LAST_RETRY_MS = 5_000;

/**
 * Wakes `onNotify` with the payload of each NOTIFY on `channel`, until `signal` aborts; then it resolves. It never
 * rejects: a lost connection is made anew, for ever.
 *
 * After every connect, the first one included, `onNotify` is called with the payload '': notifications of the time
 * without a connection are lost, so whoever listens looks at the table then. A notification wakes, the table tells.
 */
export async function listen(
  url: string,
  channel: string,
  onNotify: (payload: string) => void,
  signal: AbortSignal,
  o: { readonly logger?: Logger } = {},
): Promise<void> {
  let retryMs = FIRST_RETRY_MS;
  while (!signal.aborted) {
    const problem = await listenOnce(url, channel, signal, onNotify, () => {
      retryMs = FIRST_RETRY_MS;
    });
    if (signal.aborted) return;
    o.logger?.warn({ channel, code: problem?.code, retryMs }, 'lost the connection that listens for notifications');
    await delay(retryMs, undefined, { signal }).catch(() => undefined); // aborted: the loop's condition ends it
    retryMs = Math.min(retryMs * 2, LAST_RETRY_MS);
  }
}

/** Notifies the listeners of `channel` when `trx` commits. Payload: ids only, at most 8000 bytes (PostgreSQL's limit). */
export async function notify<DB>(trx: Transaction<DB> | Database<DB>, channel: string, payload: string): Promise<void> {
  await sql`select pg_notify(${channel}, ${payload})`.execute(trx);
}

/** Listens over one connection until that ends or `signal` aborts; gives the error that ended it, if one did. */
async function listenOnce(
  url: string,
  channel: string,
  signal: AbortSignal,
  onNotify: (payload: string) => void,
  onListening: () => void,
): Promise<NodeJS.ErrnoException | undefined> {
  const client = new pg.Client({ connectionString: url, keepAlive: true, connectionTimeoutMillis: LAST_RETRY_MS });
  const ended = Promise.withResolvers<NodeJS.ErrnoException | undefined>();
  const stop = () => ended.resolve(undefined);
  client.on('error', (error) => ended.resolve(error));
  client.on('end', stop);
  client.on('notification', (message) => onNotify(message.payload ?? ''));
  signal.addEventListener('abort', stop, { once: true });
  try {
    await client.connect();
    await client.query(`listen ${pg.escapeIdentifier(channel)}`);
    onListening();
    onNotify('');
    return await ended.promise;
  } catch (error) {
    return error as NodeJS.ErrnoException;
  } finally {
    signal.removeEventListener('abort', stop);
    await client.end().catch(() => undefined); // the connection may be gone already, which is what is wanted
  }
}
