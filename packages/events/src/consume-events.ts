import { setTimeout as delay } from 'node:timers/promises';
import { type DescMessage, fromBinary, type MessageShape } from '@bufbuild/protobuf';
import { type Logger, withRemoteTrace } from '@irisvue/runtime';
import type { ConsumerMessages, JsMsg } from '@nats-io/jetstream';
import type { EventBus } from './connect-events.ts';
import { type ConsumerMetrics, consumerMetrics } from './consumer-metrics.ts';
import { publishDeadLetter } from './dead-letters.ts';
import { ensureDurable } from './ensure-durable.ts';
import { type EventHeaders, readMessageHeaders } from './event-headers.ts';
import { EVENT_SUBJECTS, EVENTS_STREAM, ensureStreams } from './streams.ts';

/** What a handler knows beside the event itself. */
export interface EventMeta {
  /** The event's id, the same at each delivery. */
  readonly id: string;
  /** 1 at the first delivery. */
  readonly deliveries: number;
  /** Says that the work goes on: the server waits another `ackWaitMs` before it delivers again. */
  readonly working: () => void;
}

/** A handler of one type of event; made by `handler`. */
export interface EventHandler {
  readonly typeName: string;
  /** Decodes and handles; throws UndecodableEvent when the bytes are not a message of this type. */
  readonly handle: (body: Uint8Array, meta: EventMeta) => Promise<void>;
}

export interface ConsumeOptions {
  readonly bus: EventBus;
  /** Name of the consumer. The server remembers by it how far it got; replicas share it and split the events. */
  readonly durable: string;
  readonly on: readonly EventHandler[];
  /** Deliveries before an event becomes a dead letter. Default 5. */
  readonly maxDeliveries?: number;
  /** Time a handler has before its event is delivered again, unless it calls working(). Default 30 000 ms. */
  readonly ackWaitMs?: number;
  /** Wait before the next delivery after a handler threw. Default 1, 2, 4, 8 … at most 60 s. */
  readonly retryDelayMs?: (deliveries: number) => number;
  readonly logger: Logger;
  readonly signal: AbortSignal;
}

const DEFAULT_MAX_DELIVERIES = 5;
const DEFAULT_ACK_WAIT_MS = 30_000;
const FIRST_RETRY_DELAY_MS = 1_000;
const LAST_RETRY_DELAY_MS = 60_000;
const RECONNECT_DELAY_MS = 500;
// Bounds a pull request on the server; a shorter one would only cost more of them.
const PULL_EXPIRES_MS = 30_000;

class UndecodableEvent extends Error {
  constructor(typeName: string, options: ErrorOptions) {
    super(`not a ${typeName}`, options);
    this.name = 'UndecodableEvent';
  }
}

/** Binds a function to a type of event. It may be called more than once for one event, so it must be harmless to repeat. */
export function handler<Schema extends DescMessage>(
  schema: Schema,
  handle: (message: MessageShape<Schema>, meta: EventMeta) => Promise<void>,
): EventHandler {
  return {
    typeName: schema.typeName,
    handle: (body, meta) => handle(decode(schema, body), meta),
  };
}

/**
 * Hands events to their handlers, one at a time, until `signal` aborts; then it resolves, with the event in hand
 * finished. It never rejects: while NATS is down it waits for it.
 *
 * An event is done when its handler resolves. When it throws, or the process dies, the event is delivered again; after
 * `maxDeliveries` it goes to the dead letters, as does one that cannot be decoded, at once. Types without a handler are
 * passed over. The handler runs in a span that continues the trace of whoever wrote the event.
 */
export async function consumeEvents(o: ConsumeOptions): Promise<void> {
  using measured = consumerMetrics(o.bus, o.durable);
  while (!o.signal.aborted) {
    try {
      await consumeOnce(o, measured);
    } catch (error) {
      if (o.signal.aborted) return;
      o.logger.warn({ err: error, durable: o.durable }, 'cannot consume events, trying again');
      await ensureStreams(o.bus.manager).catch(() => undefined); // still down: the next round tells
    }
    await delay(RECONNECT_DELAY_MS, undefined, { signal: o.signal }).catch(() => undefined); // the loop's condition ends it
  }
}

/** Consumes until the signal aborts or the server has lost the consumer. */
async function consumeOnce(o: ConsumeOptions, measured: ConsumerMetrics): Promise<void> {
  const subjects = o.on.map(({ typeName }) => `${EVENT_SUBJECTS}${typeName}`);
  await ensureDurable(o.bus.manager, o.durable, subjects, o.ackWaitMs ?? DEFAULT_ACK_WAIT_MS);
  const consumer = await o.bus.streams.consumers.get(EVENTS_STREAM, o.durable);
  // One at a time: a message that waits in a client's buffer runs out of its ack time there.
  const messages = await consumer.consume({ max_messages: 1, expires: PULL_EXPIRES_MS });
  const stop = () => messages.stop();
  o.signal.addEventListener('abort', stop, { once: true });
  void stopWhenLost(messages);
  try {
    if (o.signal.aborted) return;
    for await (const message of messages) {
      await settle(o, measured, message);
      if (o.signal.aborted) return;
    }
  } finally {
    o.signal.removeEventListener('abort', stop);
    await messages.close();
  }
}

/** A consumer that vanished with the server's data never gives a message again: leave it, and it is made anew. */
async function stopWhenLost(messages: ConsumerMessages): Promise<void> {
  for await (const status of messages.status()) {
    if (['consumer_not_found', 'consumer_deleted', 'stream_not_found'].includes(status.type)) messages.stop();
  }
}

async function settle(o: ConsumeOptions, measured: ConsumerMetrics, message: JsMsg): Promise<void> {
  const { deliveryCount: deliveries } = message.info;
  const maxDeliveries = o.maxDeliveries ?? DEFAULT_MAX_DELIVERIES;
  const headers = readMessageHeaders(message.headers);
  const typeName = message.subject.slice(EVENT_SUBJECTS.length);
  const facts = { durable: o.durable, event: typeName, id: headers.eventId, deliveries };
  const found = o.on.find((each) => each.typeName === typeName);
  if (found === undefined || (headers.onlyFor !== undefined && headers.onlyFor !== o.durable)) {
    message.ack();
    return;
  }
  try {
    // Its last delivery was cut short by the death of the process, which did not live to give it up.
    if (deliveries > maxDeliveries) throw new Error('the consumer died at every delivery');
    await handleOne(found, message, headers, deliveries);
    message.ack();
    measured.settled(typeName, 'done');
  } catch (error) {
    if (deliveries < maxDeliveries && !(error instanceof UndecodableEvent)) {
      o.logger.warn({ ...facts, err: error }, 'an event failed and is delivered again');
      message.nak((o.retryDelayMs ?? retryDelayMs)(deliveries));
      measured.settled(typeName, 'retried');
      return;
    }
    o.logger.error({ ...facts, err: error }, 'an event failed for the last time and is a dead letter');
    await giveUp(o, message, headers, error);
    measured.settled(typeName, 'dead');
  }
}

function handleOne(found: EventHandler, message: JsMsg, headers: EventHeaders, deliveries: number): Promise<void> {
  const meta = { id: headers.eventId, deliveries, working: () => message.working() };
  return withRemoteTrace(headers.trace, `consume ${found.typeName}`, () => found.handle(message.data, meta));
}

/** Puts a message among the dead letters, then takes it off the consumer; if that fails it is simply delivered again. */
async function giveUp(o: ConsumeOptions, message: JsMsg, headers: EventHeaders, error: unknown): Promise<void> {
  try {
    await publishDeadLetter(o.bus, {
      durable: o.durable,
      subject: message.subject,
      streamSequence: message.seq,
      body: message.data,
      headers,
      deliveries: message.info.deliveryCount,
      problem: error instanceof Error ? error.name : 'unknown',
    });
    message.ack();
  } catch (problem) {
    o.logger.error({ err: problem, durable: o.durable, id: headers.eventId }, 'cannot store a dead letter');
    message.nak(LAST_RETRY_DELAY_MS);
  }
}

function decode<Schema extends DescMessage>(schema: Schema, body: Uint8Array): MessageShape<Schema> {
  try {
    return fromBinary(schema, body);
  } catch (error) {
    throw new UndecodableEvent(schema.typeName, { cause: error });
  }
}

function retryDelayMs(deliveries: number): number {
  return Math.min(FIRST_RETRY_DELAY_MS * 2 ** (deliveries - 1), LAST_RETRY_DELAY_MS);
}
