import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as work } from 'node:timers/promises';
import { toBinary } from '@bufbuild/protobuf';
import { JobCompletedSchema, JobSubmittedSchema } from '@irisvue/contracts/irisvue/jobs/v1/events';
import { currentTraceHeaders, ErrorReason, errorDetail, startTelemetry } from '@irisvue/runtime';
import { startNats, type TestServer, until } from '@irisvue/testing';
import { headers } from '@nats-io/nats-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  type ConsumeOptions,
  consumeEvents,
  type EventBus,
  type EventMeta,
  handler,
  listDeadLetters,
  replayDeadLetter,
} from '../src/index.ts';
import { connect, jobSubmitted, logger, publishJobSubmitted } from './events-under-test.ts';

interface Delivery {
  readonly jobId: string;
  readonly id: string;
  readonly deliveries: number;
}

let nats: TestServer;
let bus: EventBus;
const consumers: (() => Promise<void>)[] = [];

beforeAll(async () => {
  nats = await startNats();
});
afterAll(() => nats?.[Symbol.asyncDispose]());

beforeEach(async () => {
  bus = await connect(nats.url);
  for (const stream of ['EVENTS', 'DEAD_LETTERS']) await bus.manager.streams.delete(stream);
  await bus[Symbol.asyncDispose]();
  bus = await connect(nats.url);
});
afterEach(async () => {
  for (const stop of consumers.splice(0)) await stop();
  await bus[Symbol.asyncDispose]();
});

/** Consumes JobSubmitted until the test ends; gives what was delivered and a way to stop. */
function consume(
  durable: string,
  handle: (delivery: Delivery, meta: EventMeta) => Promise<void> | void,
  o: Partial<ConsumeOptions> = {},
): { delivered: Delivery[]; stop: () => Promise<void> } {
  const delivered: Delivery[] = [];
  const aborting = new AbortController();
  const on = [
    handler(JobSubmittedSchema, async ({ jobId }, meta) => {
      const delivery = { jobId, id: meta.id, deliveries: meta.deliveries };
      delivered.push(delivery);
      await handle(delivery, meta);
    }),
  ];
  const ended = consumeEvents({ bus, durable, on, logger, signal: aborting.signal, retryDelayMs: () => 50, ...o });
  const stop = async () => {
    aborting.abort();
    await ended;
  };
  consumers.push(stop);
  return { delivered, stop };
}

/** Waits until a consumer has nothing left to deliver and nothing under way. */
async function drained(durable: string): Promise<void> {
  await until(
    async () => {
      const info = await bus.manager.consumers.info('EVENTS', durable);
      return info.num_pending === 0 && info.num_ack_pending === 0;
    },
    { what: `${durable} having nothing left` },
  );
}

const fail = () => {
  throw new TypeError('the handler fails');
};

describe('a consumer', () => {
  it('gets each event once, in order, with its id', async () => {
    const ids: string[] = [];
    for (const jobId of ['a', 'b', 'c']) ids.push(await publishJobSubmitted(bus, { jobId }));
    const { delivered } = consume('plain', () => undefined);
    await until(() => delivered.length === 3);
    await drained('plain');
    expect(delivered).toEqual(['a', 'b', 'c'].map((jobId, index) => ({ jobId, id: ids[index], deliveries: 1 })));
  });

  it('passes over types without a handler', async () => {
    const other = handler(JobCompletedSchema, async () => undefined);
    const seen: string[] = [];
    const mine = handler(JobSubmittedSchema, async ({ jobId }) => void seen.push(jobId));
    await bus.streams.publish('events.irisvue.jobs.v1.JobFailed', new Uint8Array());
    await bus.streams.publish('events.irisvue.consent.v1.ConsentWithdrawn', new Uint8Array());
    await publishJobSubmitted(bus, { jobId: 'a' });
    consume('mixed', () => undefined, { on: [other, mine] });
    await until(() => seen.length === 1);
    await drained('mixed');
    expect((await bus.manager.consumers.info('EVENTS', 'mixed')).config.filter_subject).toBe(
      'events.irisvue.jobs.v1.>',
    );
    expect(await listDeadLetters(bus)).toEqual([]);
  });

  it('goes on where it stopped', async () => {
    const first = consume('resumed', () => undefined);
    await publishJobSubmitted(bus, { jobId: 'a' });
    await until(() => first.delivered.length === 1);
    await drained('resumed');
    await first.stop();
    await publishJobSubmitted(bus, { jobId: 'b' });
    const second = consume('resumed', () => undefined);
    await until(() => second.delivered.length === 1);
    expect(second.delivered[0].jobId).toBe('b');
  });

  it('finishes the event in hand when it is stopped', async () => {
    const holding = Promise.withResolvers<void>();
    const { delivered, stop } = consume('finishing', () => holding.promise);
    await publishJobSubmitted(bus, { jobId: 'a' });
    await publishJobSubmitted(bus, { jobId: 'b' });
    await until(() => delivered.length === 1);
    const stopped = stop();
    holding.resolve();
    await stopped;
    const info = await until(async () => {
      const now = await bus.manager.consumers.info('EVENTS', 'finishing');
      return now.num_ack_pending === 0 ? now : undefined;
    });
    expect(delivered.map(({ jobId }) => jobId)).toEqual(['a']);
    expect(info.ack_floor.consumer_seq).toBe(1);
  });

  it('shares its events with its replicas', async () => {
    const bothBusy = Promise.withResolvers<void>();
    let busy = 0;
    const hold = () => {
      busy += 1;
      if (busy === 2) bothBusy.resolve();
      return bothBusy.promise;
    };
    const replicas = [consume('shared', hold), consume('shared', hold)];
    await publishJobSubmitted(bus, { jobId: 'a' });
    await publishJobSubmitted(bus, { jobId: 'b' });
    await bothBusy.promise;
    expect(replicas.map(({ delivered }) => delivered.length)).toEqual([1, 1]);
  });

  it('continues the trace of the event', async () => {
    await using _ = startTelemetry({ service: 'test' });
    const traceId = '0af7651916cd43dd8448eb211c80319c';
    const head = headers();
    head.set('traceparent', `00-${traceId}-b7ad6b7169203331-01`);
    const body = toBinary(JobSubmittedSchema, jobSubmitted('a'));
    await bus.streams.publish(`events.${JobSubmittedSchema.typeName}`, body, { headers: head });
    let traceparent: string | undefined;
    consume('traced', () => {
      traceparent = currentTraceHeaders()['traceparent'];
    });
    await until(() => traceparent);
    expect(traceparent).toMatch(new RegExp(`^00-${traceId}-(?!b7ad6b7169203331)`));
  });
});

describe('redelivery', () => {
  it('comes after the delay that follows from the deliveries', async () => {
    const times: number[] = [];
    const asked: number[] = [];
    const { delivered } = consume(
      'delayed',
      ({ deliveries }) => {
        times.push(performance.now());
        if (deliveries < 3) fail();
      },
      {
        retryDelayMs: (deliveries) => {
          asked.push(deliveries);
          return deliveries * 300;
        },
      },
    );
    const id = await publishJobSubmitted(bus, { jobId: 'a' });
    await until(() => delivered.length === 3);
    await drained('delayed');
    expect(delivered).toEqual([1, 2, 3].map((deliveries) => ({ jobId: 'a', id, deliveries })));
    expect(asked).toEqual([1, 2]);
    expect(times[1] - times[0]).toBeGreaterThanOrEqual(295);
    expect(times[2] - times[1]).toBeGreaterThanOrEqual(595);
  });

  it('lets other events pass meanwhile', async () => {
    const { delivered } = consume('passing', ({ jobId, deliveries }) => {
      if (jobId === 'a' && deliveries === 1) fail();
    });
    await publishJobSubmitted(bus, { jobId: 'a' });
    await publishJobSubmitted(bus, { jobId: 'b' });
    await until(() => delivered.length === 3);
    expect(delivered.map(({ jobId }) => jobId)).toEqual(['a', 'b', 'a']);
  });

  it('comes when a process dies with the event in its hands', async () => {
    const id = await publishJobSubmitted(bus, { jobId: 'a' });
    await dieWithEvent('crashed');
    const { delivered } = consume('crashed', () => undefined, { ackWaitMs: 1_000 });
    await until(() => delivered.length === 1);
    expect(delivered).toEqual([{ jobId: 'a', id, deliveries: 2 }]);
    await drained('crashed');
  });

  it('does not come while the handler says that it works, nor for the event that waits behind it', async () => {
    const ackWaitMs = 1_000;
    const { delivered } = consume(
      'working',
      async ({ jobId }, meta) => {
        if (jobId !== 'long') return;
        for (let part = 0; part < 8; part += 1) {
          await work(ackWaitMs / 4);
          meta.working();
        }
      },
      { ackWaitMs },
    );
    await publishJobSubmitted(bus, { jobId: 'long' });
    await publishJobSubmitted(bus, { jobId: 'behind' });
    await until(() => delivered.length === 2);
    await drained('working');
    expect(delivered.map(({ jobId, deliveries }) => [jobId, deliveries])).toEqual([
      ['long', 1],
      ['behind', 1],
    ]);
  });

  it('goes to a replica when the handler works for longer than its time without a word', async () => {
    const held = Promise.withResolvers<void>();
    const hold = ({ deliveries }: Delivery) => (deliveries === 1 ? held.promise : undefined);
    const replicas = [consume('silent', hold, { ackWaitMs: 1_000 }), consume('silent', hold, { ackWaitMs: 1_000 })];
    await publishJobSubmitted(bus, { jobId: 'a' });
    await until(() => replicas.every(({ delivered }) => delivered.length === 1));
    held.resolve();
    expect(replicas.map(({ delivered }) => delivered[0].deliveries).sort()).toEqual([1, 2]);
  });
});

describe('dead letters', () => {
  it('hold what failed at its last delivery, and the consumer is rid of it', async () => {
    const { delivered } = consume('failing', fail, { maxDeliveries: 3 });
    const id = await publishJobSubmitted(bus, { jobId: 'a' });
    const [letter] = await until(async () => {
      const letters = await listDeadLetters(bus);
      return letters.length > 0 ? letters : undefined;
    });
    await drained('failing');
    expect(delivered.map(({ deliveries }) => deliveries)).toEqual([1, 2, 3]);
    expect(letter).toMatchObject({
      durable: 'failing',
      typeName: 'irisvue.jobs.v1.JobSubmitted',
      eventId: id,
      deliveries: 3,
      problem: 'TypeError',
    });
  });

  it('hold at once what cannot be decoded', async () => {
    const { delivered } = consume('decoding', () => undefined);
    await bus.streams.publish(`events.${JobSubmittedSchema.typeName}`, new Uint8Array([0xff, 0xff, 0xff]));
    const [letter] = await until(async () => {
      const letters = await listDeadLetters(bus);
      return letters.length > 0 ? letters : undefined;
    });
    expect(letter).toMatchObject({ deliveries: 1, problem: 'UndecodableEvent' });
    await drained('decoding');
    expect(delivered).toEqual([]);
  });

  it('hold what killed the process at every delivery', async () => {
    await publishJobSubmitted(bus, { jobId: 'poison' });
    await dieWithEvent('poisoned');
    await dieWithEvent('poisoned');
    const { delivered } = consume('poisoned', () => undefined, { ackWaitMs: 1_000, maxDeliveries: 2 });
    await until(async () => (await listDeadLetters(bus)).length === 1);
    await drained('poisoned');
    expect(delivered).toEqual([]);
  });

  it('go back to the one consumer that gave up, with fresh deliveries', async () => {
    let isMended = false;
    const failing = consume('mended', () => (isMended ? undefined : fail()), { maxDeliveries: 2 });
    const other = consume('bystander', () => undefined);
    const id = await publishJobSubmitted(bus, { jobId: 'a' });
    const { seq } = await until(async () => (await listDeadLetters(bus))[0]);
    isMended = true;
    await replayDeadLetter(bus, seq);
    await until(() => failing.delivered.length === 3);
    await drained('mended');
    await drained('bystander');
    expect(failing.delivered.at(-1)).toEqual({ jobId: 'a', id, deliveries: 1 });
    expect(other.delivered).toHaveLength(1);
    expect(await listDeadLetters(bus)).toEqual([]);
    expect(await replayDeadLetter(bus, seq).catch(errorDetail)).toMatchObject({
      reason: ErrorReason.NOT_FOUND,
      metadata: { resource: 'dead letter', id: String(seq) },
    });
  });

  it('come again when the replay fails as well', async () => {
    consume('hopeless', fail, { maxDeliveries: 1 });
    await publishJobSubmitted(bus, { jobId: 'a' });
    const first = await until(async () => (await listDeadLetters(bus))[0]);
    await replayDeadLetter(bus, first.seq);
    const second = await until(async () => (await listDeadLetters(bus, { after: first.seq }))[0]);
    expect(second.eventId).toBe(first.eventId);
  });

  it('are listed in pages', async () => {
    consume('pages', fail, { maxDeliveries: 1 });
    for (const jobId of ['a', 'b', 'c']) await publishJobSubmitted(bus, { jobId });
    const all = await until(async () => {
      const letters = await listDeadLetters(bus);
      return letters.length === 3 ? letters : undefined;
    });
    expect(await listDeadLetters(bus, { limit: 2 })).toEqual(all.slice(0, 2));
    expect(await listDeadLetters(bus, { after: all[1].seq })).toEqual(all.slice(2));
  });
});

describe('a consumer in trouble', () => {
  it('goes on after NATS was killed and came back', async () => {
    const { delivered } = consume('surviving', () => undefined);
    await publishJobSubmitted(bus, { jobId: 'a' });
    await until(() => delivered.length === 1);
    await nats.kill();
    await nats.startAgain();
    await until(() => publishJobSubmitted(bus, { jobId: 'b' }));
    await until(() => delivered.some(({ jobId }) => jobId === 'b'));
    expect(delivered.filter(({ jobId }) => jobId === 'b')).toHaveLength(1);
  });

  it('is made anew when the server has lost it', async () => {
    const { delivered } = consume('lost', () => undefined);
    await publishJobSubmitted(bus, { jobId: 'a' });
    await until(() => delivered.length === 1);
    await bus.manager.streams.delete('EVENTS');
    await until(() => publishJobSubmitted(bus, { jobId: 'b' }));
    await until(() => delivered.some(({ jobId }) => jobId === 'b'));
  });

  it('stops while it cannot connect', async () => {
    const { stop } = consume('stopping', () => undefined);
    await until(() => bus.manager.consumers.info('EVENTS', 'stopping'));
    await nats.kill();
    await stop();
    await nats.startAgain();
  });
});

/** Runs a process that takes an event of a consumer and is killed with it in its hands. */
async function dieWithEvent(durable: string): Promise<void> {
  const script = `${import.meta.dirname}/dying-consumer.ts`;
  const child = spawn(process.execPath, [script, nats.url, durable], { stdio: 'inherit' });
  const [, signal] = await once(child, 'exit');
  expect(signal).toBe('SIGKILL');
}
