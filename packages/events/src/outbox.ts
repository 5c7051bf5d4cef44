import { type DescMessage, type MessageShape, toBinary } from '@bufbuild/protobuf';
import { newId, notify } from '@irisvue/database';
import { currentTraceHeaders } from '@irisvue/runtime';
import { type Generated, type Kysely, sql, type Transaction } from 'kysely';
import { EVENT_SUBJECTS } from './streams.ts';

/** Channel that wakes the relay when a transaction with events commits. */
export const OUTBOX_CHANNEL = 'outbox';

/** An event that its transaction wrote and that the stream does not have yet. */
export interface OutboxTable {
  /** Order of publishing. Transactions that change one row one after the other get rising positions. */
  position: Generated<number>;
  /** UUIDv7; the message id in the stream. */
  id: string;
  subject: string;
  body: Uint8Array;
  /** W3C trace context of the span that wrote it. */
  trace: Record<string, string>;
  create_time: Generated<Date>;
}

export interface WithOutbox {
  outbox: OutboxTable;
}

/** Part of an up-migration: creates the table that `appendEvent` writes to. */
export async function outboxTable(db: Kysely<never> | Kysely<unknown>): Promise<void> {
  await (db as Kysely<unknown>).schema
    .createTable('outbox')
    .addColumn('position', 'bigint', (column) => column.generatedAlwaysAsIdentity().primaryKey())
    .addColumn('id', 'uuid', (column) => column.notNull().unique())
    .addColumn('subject', 'text', (column) => column.notNull())
    .addColumn('body', 'bytea', (column) => column.notNull())
    .addColumn('trace', 'jsonb', (column) => column.notNull())
    .addColumn('create_time', 'timestamptz', (column) => column.notNull().defaultTo(sql`now()`))
    .execute();
}

/**
 * Writes an event in the transaction of the change that it tells of: both happen or neither does. It is published after
 * the commit by `relayOutbox`, with the trace of the active span. Events hold ids, no personal data and no pixels.
 */
export async function appendEvent<DB, Schema extends DescMessage>(
  trx: Transaction<DB>,
  schema: Schema,
  message: MessageShape<Schema>,
): Promise<void> {
  await appendEvents(trx, schema, [message]);
}

/** The same for several events of one kind, in their order, at the cost of one. */
export async function appendEvents<DB, Schema extends DescMessage>(
  trx: Transaction<DB>,
  schema: Schema,
  messages: ReadonlyArray<MessageShape<Schema>>,
): Promise<void> {
  if (messages.length === 0) return;
  const subject = `${EVENT_SUBJECTS}${schema.typeName}`;
  const trace = currentTraceHeaders();
  await (trx as unknown as Transaction<WithOutbox>)
    .insertInto('outbox')
    .values(messages.map((message) => ({ id: newId(), subject, body: toBinary(schema, message), trace })))
    .execute();
  await notify(trx, OUTBOX_CHANNEL, '');
}

/** How many events wait to be published. */
export async function countPendingEvents<DB>(db: Kysely<DB>): Promise<number> {
  const { pending } = await (db as unknown as Kysely<WithOutbox>)
    .selectFrom('outbox')
    .select((select) => select.fn.countAll<number>().as('pending'))
    .executeTakeFirstOrThrow();
  return pending;
}
