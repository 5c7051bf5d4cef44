import { type Database, listen } from '@irisvue/database';
import type { Logger } from '@irisvue/runtime';
import { type Kysely, sql, type Transaction } from 'kysely';
import type { EventBus } from './connect-events.ts';
import { toMessageHeaders } from './event-headers.ts';
import { OUTBOX_CHANNEL, type WithOutbox } from './outbox.ts';
import { outboxMetrics } from './outbox-metrics.ts';
import { ensureStreams } from './streams.ts';
import { createWake } from './wake.ts';

const BATCH = 100;
// Only a safety net: a commit notifies.
const POLL_MS = 5_000;
const FIRST_RETRY_MS = 100;
const LAST_RETRY_MS = 5_000;
// "irisvue" and "outbox" as bytes, cut to 63 bits: any number that nothing else in the database locks.
const ADVISORY_LOCK = '7597105467521623407';

/**
 * Publishes the events of an outbox to the stream, in order of their positions, until `signal` aborts; then it resolves.
 * It never rejects: while NATS or PostgreSQL is down it retries, and the events wait in their table.
 *
 * At least once: an event that was published but not yet removed when the process died is published again, and the
 * stream drops it by its message id. Of several replicas one relays at a time, which keeps the order.
 */
export async function relayOutbox<DB>(o: {
  readonly db: Database<DB>;
  readonly databaseUrl: string;
  readonly bus: EventBus;
  readonly logger: Logger;
  readonly signal: AbortSignal;
}): Promise<void> {
  const db = o.db as unknown as Kysely<WithOutbox>;
  using _measured = outboxMetrics(db);
  const wake = createWake(o.signal);
  const listening = listen(o.databaseUrl, OUTBOX_CHANNEL, wake.wake, o.signal, { logger: o.logger });
  let retryMs = FIRST_RETRY_MS;
  while (!o.signal.aborted) {
    try {
      const published = await relayBatch(db, o.bus);
      retryMs = FIRST_RETRY_MS;
      if (published < BATCH) await wake.wait(POLL_MS);
    } catch (error) {
      if (o.signal.aborted) break;
      o.logger.warn({ err: error, retryMs }, 'cannot publish events, they wait in the outbox');
      // A server that came back without its data has no streams.
      await ensureStreams(o.bus.manager).catch(() => undefined); // still down: the next round tells
      await wake.wait(retryMs);
      retryMs = Math.min(retryMs * 2, LAST_RETRY_MS);
    }
  }
  await listening;
}

/** Publishes the first events of the outbox and removes them; gives how many. 0 while another replica relays. */
async function relayBatch(db: Kysely<WithOutbox>, bus: EventBus): Promise<number> {
  return db.transaction().execute(async (trx) => {
    if (!(await lockOutbox(trx))) return 0;
    const events = await trx.selectFrom('outbox').selectAll().orderBy('position').limit(BATCH).execute();
    for (const { id, subject, body, trace } of events) {
      // A throw here rolls back: what was published before it is published again and dropped by its id.
      await bus.streams.publish(subject, body, { msgID: id, headers: toMessageHeaders({ eventId: id, trace }) });
    }
    const last = events.at(-1);
    if (last !== undefined) {
      const ids = events.map((event) => event.id);
      await trx.deleteFrom('outbox').where('id', 'in', ids).execute();
    }
    return events.length;
  });
}

async function lockOutbox(trx: Transaction<WithOutbox>): Promise<boolean> {
  const { rows } = await sql<{ locked: boolean }>`
    select pg_try_advisory_xact_lock(${ADVISORY_LOCK}::bigint) as locked`.execute(trx);
  return rows[0].locked;
}
