import { newId } from '@irisvue/database';
import { startNats, type TestServer } from '@irisvue/testing';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { publishDeadLetter } from '../src/dead-letters.ts';
import { ensureDurable } from '../src/ensure-durable.ts';
import { countText, type EventBus, isConsumed, lastEventFor, listDeadLetters, purgeText } from '../src/index.ts';
import { connect, publishJobSubmitted, readEvents } from './events-under-test.ts';

let nats: TestServer;
let bus: EventBus;
beforeAll(async () => {
  nats = await startNats();
});
afterAll(async () => {
  await bus?.[Symbol.asyncDispose]();
  await nats?.[Symbol.asyncDispose]();
});
beforeEach(async () => {
  await bus?.[Symbol.asyncDispose]();
  bus = await connect(nats.url);
  for (const stream of ['EVENTS', 'DEAD_LETTERS']) await bus.manager.streams.purge(stream);
});

const deadLetter = (userId: string) =>
  publishDeadLetter(bus, {
    durable: 'test',
    subject: 'events.irisvue.jobs.v1.JobSubmitted',
    streamSequence: Math.floor(Math.random() * 1e9),
    body: Buffer.from(userId),
    headers: { eventId: newId(), trace: {} },
    deliveries: 5,
    problem: 'Error',
  });

it('erases the events and dead letters that hold a text, and no other', async () => {
  const [gone, alsoGone, stays] = [newId(), newId(), newId()];
  for (const userId of [gone, stays, alsoGone, gone]) await publishJobSubmitted(bus, { jobId: newId(), userId });
  await deadLetter(gone);
  await deadLetter(stays);
  expect(await countText(bus, [gone])).toEqual([
    { stream: 'EVENTS', count: 2 },
    { stream: 'DEAD_LETTERS', count: 1 },
  ]);
  expect(await purgeText(bus, [gone, alsoGone])).toBe(4);
  expect(await countText(bus, [gone, alsoGone])).toEqual([
    { stream: 'EVENTS', count: 0 },
    { stream: 'DEAD_LETTERS', count: 0 },
  ]);
  const left = await readEvents(bus);
  expect(left.map((message) => Buffer.from(message.data).includes(stays))).toEqual([true]);
  expect(await listDeadLetters(bus)).toHaveLength(1);
  expect(await purgeText(bus, [gone, alsoGone])).toBe(0);
});

it('reads streams of more than one batch, and empty ones', async () => {
  expect(await purgeText(bus, [newId()])).toBe(0);
  const gone = newId();
  const publish = (userId: string) => publishJobSubmitted(bus, { jobId: newId(), userId });
  await publish(gone);
  await Promise.all(Array.from({ length: 1_500 }, () => publish(newId())));
  await publish(gone);
  expect(await purgeText(bus, [gone])).toBe(2);
  expect((await readEvents(bus)).length).toBe(1_500);
});

it('tells whether a consumer is done with all its events up to one', async () => {
  const durable = `test-${newId()}`;
  await expect(lastEventFor(bus, durable)).rejects.toThrow('consumer not found');
  await ensureDurable(bus.manager, durable, ['events.irisvue.jobs.v1.JobSubmitted'], 30_000);
  expect(await isConsumed(bus, durable, await lastEventFor(bus, durable))).toBe(true);

  await publishJobSubmitted(bus, { jobId: newId() });
  const end = await lastEventFor(bus, durable);
  await bus.streams.publish('events.something.else', 'not for this consumer');
  expect(await lastEventFor(bus, durable)).toBe(end);
  expect(await isConsumed(bus, durable, end)).toBe(false);
  const consumer = await bus.streams.consumers.get('EVENTS', durable);
  const message = await consumer.next();
  expect(await isConsumed(bus, durable, end)).toBe(false);
  await message!.ackAck();
  expect(await isConsumed(bus, durable, end)).toBe(true);

  await publishJobSubmitted(bus, { jobId: newId() });
  expect(await isConsumed(bus, durable, end)).toBe(true);
  expect(await isConsumed(bus, durable, await lastEventFor(bus, durable))).toBe(false);
});
