import { create, type MessageInitShape, toBinary } from '@bufbuild/protobuf';
import { JobSubmittedSchema } from '@irisvue/contracts/irisvue/jobs/v1/events';
import { type Database, migrate, newId, openDatabase } from '@irisvue/database';
import { createLogger } from '@irisvue/runtime';
import { createTestDatabase } from '@irisvue/testing';
import type { JsMsg } from '@nats-io/jetstream';
import { headers } from '@nats-io/nats-core';
import { connectEvents, type EventBus, type OutboxTable } from '../src/index.ts';

export interface TestTables {
  outbox: OutboxTable;
}

export const logger = createLogger({ service: 'test', level: 'silent' });

export const connect = (url: string): Promise<EventBus> => connectEvents({ url, name: 'test', logger });

/** A database of its own with an outbox. */
export async function createOutboxDatabase(): Promise<{ db: Database<TestTables>; url: string } & AsyncDisposable> {
  const database = await createTestDatabase('events', async (url) => {
    await using db = openDatabase<TestTables>(url, { logger });
    await migrate(db, `${import.meta.dirname}/migrations`);
  });
  const db = openDatabase<TestTables>(database.url, { logger });
  return {
    db,
    url: database.url,
    async [Symbol.asyncDispose]() {
      await db.destroy();
      await database[Symbol.asyncDispose]();
    },
  };
}

export const jobSubmitted = (jobId: string) => create(JobSubmittedSchema, { jobId });

/** Publishes as the relay does, without an outbox. */
export async function publishJobSubmitted(
  bus: EventBus,
  event: MessageInitShape<typeof JobSubmittedSchema>,
): Promise<string> {
  const id = newId();
  const head = headers();
  head.set('Irisvue-Event-Id', id);
  const body = toBinary(JobSubmittedSchema, create(JobSubmittedSchema, event));
  await bus.streams.publish(`events.${JobSubmittedSchema.typeName}`, body, { msgID: id, headers: head });
  return id;
}

/** Every message of the stream of events, in order. */
export async function readEvents(bus: EventBus): Promise<JsMsg[]> {
  const messages: JsMsg[] = [];
  const consumer = await bus.streams.consumers.get('EVENTS');
  const { num_pending: pending } = await consumer.info();
  if (pending === 0) return messages;
  for await (const message of await consumer.fetch({ max_messages: pending })) messages.push(message);
  return messages;
}
