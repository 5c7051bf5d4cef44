import { DomainError, ErrorReason } from '@irisvue/runtime';
import type { EventBus } from './connect-events.ts';
import { type EventHeaders, readMessageHeaders, toMessageHeaders } from './event-headers.ts';
import { DEAD_LETTER_SUBJECTS, DEAD_LETTERS_STREAM, EVENT_SUBJECTS } from './streams.ts';

/** An event that a consumer gave up on. */
export interface DeadLetter {
  /** Its number among the dead letters. */
  readonly seq: number;
  /** The consumer that gave up. */
  readonly durable: string;
  /** Full name of the message type. */
  readonly typeName: string;
  readonly eventId: string;
  /** How often it had been delivered. */
  readonly deliveries: number;
  /** Name of the last error, for example "DomainError"; the log has the rest. */
  readonly problem: string;
  readonly time: Date;
}

const PAGE = 100;

/** Stores an event among the dead letters, once for each time that a consumer gave up on it. */
export async function publishDeadLetter(
  bus: EventBus,
  o: {
    readonly durable: string;
    readonly subject: string;
    /** Of the message in the stream of events. */
    readonly streamSequence: number;
    readonly body: Uint8Array;
    readonly headers: EventHeaders;
    readonly deliveries: number;
    readonly problem: string;
  },
): Promise<void> {
  const typeName = o.subject.slice(EVENT_SUBJECTS.length);
  await bus.streams.publish(`${DEAD_LETTER_SUBJECTS}${o.durable}.${typeName}`, o.body, {
    msgID: `${o.durable}/${o.streamSequence}`,
    headers: toMessageHeaders({
      eventId: o.headers.eventId,
      trace: o.headers.trace,
      deliveries: String(o.deliveries),
      problem: o.problem,
    }),
  });
}

/** Dead letters with a number above `after`, oldest first; at most `limit`, 100 unless told. */
export async function listDeadLetters(
  bus: EventBus,
  o: { readonly after?: number; readonly limit?: number } = {},
): Promise<DeadLetter[]> {
  const letters: DeadLetter[] = [];
  let after = o.after ?? 0;
  while (letters.length < (o.limit ?? PAGE)) {
    const stored = await bus.manager.direct.getMessage(DEAD_LETTERS_STREAM, {
      seq: after + 1,
      next_by_subj: `${DEAD_LETTER_SUBJECTS}>`,
    });
    if (stored === null) break;
    const { durable, typeName } = readSubject(stored.subject);
    const headers = readMessageHeaders(stored.header);
    letters.push({
      seq: stored.seq,
      durable,
      typeName,
      eventId: headers.eventId,
      deliveries: Number(headers.deliveries),
      problem: headers.problem ?? '',
      time: stored.time,
    });
    after = stored.seq;
  }
  return letters;
}

/**
 * Gives a dead letter to its consumer again, with fresh deliveries, and removes it; other consumers pass it over.
 * Harmless to repeat. Throws NOT_FOUND {resource: 'dead letter', id} when there is none with this number.
 */
export async function replayDeadLetter(bus: EventBus, seq: number): Promise<void> {
  const stored = await bus.manager.streams.getMessage(DEAD_LETTERS_STREAM, { seq });
  if (stored === null) {
    throw new DomainError(ErrorReason.NOT_FOUND, 'no such dead letter', { resource: 'dead letter', id: String(seq) });
  }
  const { durable, typeName } = readSubject(stored.subject);
  const { eventId, trace } = readMessageHeaders(stored.header);
  await bus.streams.publish(`${EVENT_SUBJECTS}${typeName}`, stored.data, {
    msgID: `${eventId}/replay/${seq}`,
    headers: toMessageHeaders({ eventId, trace, onlyFor: durable }),
  });
  await bus.manager.streams.deleteMessage(DEAD_LETTERS_STREAM, seq);
}

function readSubject(subject: string): { durable: string; typeName: string } {
  const [durable, ...typeName] = subject.slice(DEAD_LETTER_SUBJECTS.length).split('.');
  return { durable, typeName: typeName.join('.') };
}
