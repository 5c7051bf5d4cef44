import { create, toBinary } from '@bufbuild/protobuf';
import { timestampFromDate } from '@bufbuild/protobuf/wkt';
import { SessionsEndedSchema } from '@irisvue/contracts/irisvue/identity/v1/events';
import { newId } from '@irisvue/database';
import { systemClock } from '@irisvue/runtime';
import { startNats, type TestServer, until } from '@irisvue/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type EventBus, followEndedSessions } from '../src/index.ts';
import { connect, logger } from './events-under-test.ts';

const MINUTE_MS = 60_000;
const SUBJECT = `events.${SessionsEndedSchema.typeName}`;

let nats: TestServer;
let bus: EventBus;
beforeAll(async () => {
  nats = await startNats();
  bus = await connect(nats.url);
});
afterAll(async () => {
  await bus?.[Symbol.asyncDispose]();
  await nats?.[Symbol.asyncDispose]();
});

/** Tells of the end of two sessions; gives the second one's id. */
async function end(at = new Date()): Promise<string> {
  const sessionId = newId();
  const fact = create(SessionsEndedSchema, { sessionIds: [newId(), sessionId], endTime: timestampFromDate(at) });
  await bus.streams.publish(SUBJECT, toBinary(SessionsEndedSchema, fact));
  return sessionId;
}
const follow = (clock = systemClock) => followEndedSessions({ natsUrl: nats.url, name: 'test', clock, logger });

it('knows at once what ended before it started, and soon what ends later; every follower knows all', async () => {
  const before = await end();
  await using one = await follow();
  await using two = await follow();
  expect([one.has(before), two.has(before), one.has(newId())]).toEqual([true, true, false]);
  const later = await end();
  await until(async () => one.has(later) && two.has(later), { what: 'that both know' });
});

it('is not held up by an event that cannot be read', async () => {
  await using sessions = await follow();
  await bus.streams.publish(SUBJECT, Uint8Array.of(0xff, 0xff, 0xff));
  const later = await end();
  await until(async () => sessions.has(later), { what: 'that the one behind it is known' });
});

it('goes on after NATS was killed, and starts without it', async () => {
  await using sessions = await follow();
  const before = await end();
  await until(async () => sessions.has(before), { what: 'that it is known' });
  await nats.kill();
  await using started = await follow();
  expect([sessions.has(before), started.has(before)]).toEqual([true, false]);
  await nats.startAgain();
  await until(async () => started.has(before), { what: 'that the late one has caught up' });
  await bus[Symbol.asyncDispose]();
  bus = await connect(nats.url);
  const later = await end();
  await until(async () => sessions.has(later) && started.has(later), { what: 'that both go on' });
});

it('remembers a session for as long as its tokens live, and no longer', async () => {
  const time = { now: new Date() };
  await using sessions = await follow({ now: () => time.now });
  const old = await end(time.now);
  await until(async () => sessions.has(old), { what: 'that it is known' });
  time.now = new Date(Date.now() + 30 * MINUTE_MS);
  const next = await end(time.now);
  await until(async () => sessions.has(next), { what: 'that the next is known' });
  expect(sessions.has(old)).toBe(true);
  time.now = new Date(Date.now() + 32 * MINUTE_MS);
  const last = await end(time.now);
  await until(async () => sessions.has(last), { what: 'that the last is known' });
  expect(sessions.has(old)).toBe(false);
});
