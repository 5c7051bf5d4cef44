import { fromBinary } from '@bufbuild/protobuf';
import { JobSubmittedSchema } from '@irisvue/contracts/irisvue/jobs/v1/events';
import type { Database } from '@irisvue/database';
import { ErrorReason, errorDetail, startTelemetry, withRemoteTrace } from '@irisvue/runtime';
import { startNats, type TestServer, until } from '@irisvue/testing';
import { sql } from 'kysely';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { appendEvent, connectEvents, countPendingEvents, type EventBus, relayOutbox } from '../src/index.ts';
import {
  connect,
  createOutboxDatabase,
  jobSubmitted,
  logger,
  readEvents,
  type TestTables,
} from './events-under-test.ts';

let nats: TestServer;
let bus: EventBus;
let database: Awaited<ReturnType<typeof createOutboxDatabase>>;
let db: Database<TestTables>;
const relays: (() => Promise<void>)[] = [];

beforeAll(async () => {
  nats = await startNats();
});
afterAll(() => nats?.[Symbol.asyncDispose]());

beforeEach(async () => {
  bus = await connect(nats.url);
  await bus.manager.streams.purge('EVENTS');
  database = await createOutboxDatabase();
  db = database.db;
});
afterEach(async () => {
  for (const stop of relays.splice(0)) await stop();
  await database[Symbol.asyncDispose]();
  await bus[Symbol.asyncDispose]();
});

/** Runs a relay until the test ends, or until the function that it gives is called. */
function startRelay(): () => Promise<void> {
  const stop = new AbortController();
  const ended = relayOutbox({ db, databaseUrl: database.url, bus, logger, signal: stop.signal });
  const stopRelay = async () => {
    stop.abort();
    await ended;
  };
  relays.push(stopRelay);
  return stopRelay;
}

const append = (...jobIds: string[]) =>
  db.transaction().execute(async (trx) => {
    for (const jobId of jobIds) await appendEvent(trx, JobSubmittedSchema, jobSubmitted(jobId));
  });

const drain = () => until(async () => (await countPendingEvents(db)) === 0, { what: 'an empty outbox' });

async function publishedJobs(): Promise<string[]> {
  return (await readEvents(bus)).map((message) => fromBinary(JobSubmittedSchema, message.data).jobId);
}

const numbered = (count: number, from = 0) => Array.from({ length: count }, (_, index) => `job-${from + index}`);

describe('the outbox', () => {
  it('publishes what was committed, in order, and nothing of what was rolled back', async () => {
    startRelay();
    await append('a', 'b');
    await db
      .transaction()
      .execute(async (trx) => {
        await appendEvent(trx, JobSubmittedSchema, jobSubmitted('rolled back'));
        throw new Error('changed its mind');
      })
      .catch(() => undefined);
    await append('c');
    await drain();
    expect(await publishedJobs()).toEqual(['a', 'b', 'c']);
  });

  it('publishes more than a batch in order', async () => {
    const jobs = numbered(250);
    await append(...jobs);
    startRelay();
    await drain();
    expect(await publishedJobs()).toEqual(jobs);
  });

  it('gives the row its id as message id and the subject of its type', async () => {
    await append('a');
    const [row] = await db.selectFrom('outbox').select('id').execute();
    startRelay();
    await drain();
    const [message] = await readEvents(bus);
    expect(message.subject).toBe('events.irisvue.jobs.v1.JobSubmitted');
    expect(message.headers?.get('Nats-Msg-Id')).toBe(row.id);
    expect(row.id).toMatch(/-7.{3}-/);
  });

  it('is published once by a relay that died between publishing and removing', async () => {
    await append('a', 'b');
    const rows = await db.selectFrom('outbox').selectAll().orderBy('position').execute();
    // What the dead one had done: the first event is in the stream, and its row is still there.
    await bus.streams.publish(rows[0].subject, rows[0].body, { msgID: rows[0].id });
    startRelay();
    await drain();
    expect(await publishedJobs()).toEqual(['a', 'b']);
  });

  it('keeps order and publishes once with two relays', async () => {
    startRelay();
    startRelay();
    const jobs = numbered(120);
    for (const job of jobs) await append(job);
    await drain();
    expect(await publishedJobs()).toEqual(jobs);
  });

  it('is taken over by the relay that is left', async () => {
    const stopFirst = startRelay();
    await append('a');
    await drain();
    await stopFirst();
    startRelay();
    await append('b');
    await drain();
    expect(await publishedJobs()).toEqual(['a', 'b']);
  });

  it('carries the trace of whoever wrote the event', async () => {
    await using _ = startTelemetry({ service: 'test' });
    const traceId = '0af7651916cd43dd8448eb211c80319c';
    await withRemoteTrace({ traceparent: `00-${traceId}-b7ad6b7169203331-01` }, 'write', () => append('a'));
    startRelay();
    await drain();
    const [message] = await readEvents(bus);
    expect(message.headers?.get('traceparent')).toMatch(new RegExp(`^00-${traceId}-(?!b7ad6b7169203331)`));
  });
});

describe('the outbox in trouble', () => {
  it('loses nothing while NATS is killed and comes back with its store', async () => {
    startRelay();
    await append(...numbered(10));
    await drain();
    await nats.kill();
    await append(...numbered(10, 10));
    expect(await bus.check().catch(errorDetail)).toMatchObject({
      reason: ErrorReason.DEPENDENCY_DOWN,
      metadata: { dependency: 'nats' },
    });
    expect(await countPendingEvents(db)).toBe(10);
    await nats.startAgain();
    await drain();
    await bus.check();
    expect(await publishedJobs()).toEqual(numbered(20));
  });

  it('loses nothing when NATS is killed while events are being published', async () => {
    startRelay();
    const jobs: string[] = [];
    let isBack = false;
    const writing = (async () => {
      while (!isBack) {
        const job = `job-${jobs.length}`;
        await append(job);
        jobs.push(job);
      }
    })();
    await until(async () => (await publishedJobs()).length >= 20, { what: 'some events in the stream' });
    await nats.kill();
    await nats.startAgain();
    isBack = true;
    await writing;
    await drain();
    expect(await publishedJobs()).toEqual(jobs);
  });

  it('goes on after PostgreSQL ended its connections', async () => {
    startRelay();
    await append('a');
    await drain();
    await sql`
      select pg_terminate_backend(pid) from pg_stat_activity
      where datname = current_database() and pid <> pg_backend_pid()`.execute(db);
    await until(() => append('b').then(() => true));
    await drain();
    expect(await publishedJobs()).toEqual(['a', 'b']);
  });

  it('makes the stream anew when it is gone', async () => {
    startRelay();
    await append('a');
    await drain();
    await bus.manager.streams.delete('EVENTS');
    await append('b');
    await drain();
    expect(await publishedJobs()).toEqual(['b']);
  });
});

describe('the streams', () => {
  it('are bounded in age, bytes and size of a message', async () => {
    const { config: events } = await bus.manager.streams.info('EVENTS');
    expect(events).toMatchObject({
      subjects: ['events.>'],
      retention: 'limits',
      storage: 'file',
      max_age: 7 * 24 * 3600 * 1e9,
      max_bytes: 512 * 1024 * 1024,
      max_msg_size: 64 * 1024,
      duplicate_window: 3600 * 1e9,
    });
    const { config: dead } = await bus.manager.streams.info('DEAD_LETTERS');
    expect(dead).toMatchObject({ max_age: 30 * 24 * 3600 * 1e9, max_bytes: 64 * 1024 * 1024 });
    await expect(bus.streams.publish('events.pixels', new Uint8Array(70_000))).rejects.toThrow();
  });

  it('are brought back to their settings by the next service that starts', async () => {
    await bus.manager.streams.update('EVENTS', { max_bytes: 1024 * 1024 });
    await using _ = await connect(nats.url);
    expect((await bus.manager.streams.info('EVENTS')).config.max_bytes).toBe(512 * 1024 * 1024);
  });

  it('are out of reach without a server, at once and without its address on the wire', async () => {
    const problem = await connectEvents({ url: 'nats://127.0.0.1:1', name: 'test', logger }).catch((error) => error);
    expect(errorDetail(problem)).toMatchObject({
      reason: ErrorReason.DEPENDENCY_DOWN,
      metadata: { dependency: 'nats' },
    });
    expect(problem.message).not.toContain('127.0.0.1');
  });
});
