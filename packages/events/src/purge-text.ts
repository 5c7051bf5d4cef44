import type { EventBus } from './connect-events.ts';
import { DEAD_LETTERS_STREAM, EVENTS_STREAM } from './streams.ts';

/** A stream and how many of its messages hold a text. */
export interface StreamFinding {
  readonly stream: string;
  readonly count: number;
}

const BATCH = 1_000;
const FETCH_MS = 5_000;

/** The streams that hold events. */
export const EVENT_STREAMS = [EVENTS_STREAM, DEAD_LETTERS_STREAM] as const;

/**
 * Erases every event and dead letter whose body holds one of `texts`, for example the id of a person: the message is
 * deleted and its bytes on disk are overwritten. Ids stand in a Protobuf body as they are, so a message is found whoever
 * wrote it and in whatever field. Reads the streams to their present ends; gives how many messages it erased.
 */
export async function purgeText(bus: EventBus, texts: readonly string[]): Promise<number> {
  let erased = 0;
  for (const stream of EVENT_STREAMS) {
    for (const seq of await messagesWith(bus, stream, texts)) {
      if (await bus.manager.streams.deleteMessage(stream, seq, true)) erased += 1;
    }
  }
  return erased;
}

/** Counts the messages of each stream whose body holds one of `texts`. */
export async function countText(bus: EventBus, texts: readonly string[]): Promise<StreamFinding[]> {
  const counted: StreamFinding[] = [];
  for (const stream of EVENT_STREAMS) counted.push({ stream, count: (await messagesWith(bus, stream, texts)).length });
  return counted;
}

/** Number of the last event that a consumer gets; 0 when there is none. Throws while there is no such consumer. */
export async function lastEventFor(bus: EventBus, durable: string): Promise<number> {
  const { config } = await bus.manager.consumers.info(EVENTS_STREAM, durable);
  const last = await bus.manager.streams.getMessage(EVENTS_STREAM, { last_by_subj: config.filter_subject! });
  return last?.seq ?? 0;
}

/** Whether a consumer is done with all its events up to the number `upTo`. Throws while there is no such consumer. */
export async function isConsumed(bus: EventBus, durable: string, upTo: number): Promise<boolean> {
  const { ack_floor } = await bus.manager.consumers.info(EVENTS_STREAM, durable);
  return ack_floor.stream_seq >= upTo;
}

/** Numbers of the messages with one of the texts, of those that the stream has now. */
async function messagesWith(bus: EventBus, stream: string, texts: readonly string[]): Promise<number[]> {
  const sought = texts.map((text) => Buffer.from(text));
  const found: number[] = [];
  const reader = await bus.streams.consumers.get(stream); // without a name: ordered, and gone when nobody reads it
  let { num_pending: left } = await reader.info();
  while (left > 0) {
    let read = 0;
    for await (const message of await reader.fetch({ max_messages: Math.min(left, BATCH), expires: FETCH_MS })) {
      read += 1;
      const body = Buffer.from(message.data.buffer, message.data.byteOffset, message.data.byteLength);
      if (sought.some((text) => body.includes(text))) found.push(message.seq);
    }
    if (read === 0) break; // what was left has been deleted meanwhile
    left -= read;
  }
  return found;
}
