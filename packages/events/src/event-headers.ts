import { headers, type MsgHdrs } from '@nats-io/nats-core';

/** Id of the event, also where the message id had to be another (replays). */
const EVENT_ID = 'Irisvue-Event-Id';
/** The one consumer that a replayed event is meant for. */
const ONLY_FOR = 'Irisvue-Only-For';
/** How often a dead letter had been delivered, and the name of what went wrong last. */
const DELIVERIES = 'Irisvue-Deliveries';
const PROBLEM = 'Irisvue-Problem';

const NAMES = { eventId: EVENT_ID, onlyFor: ONLY_FOR, deliveries: DELIVERIES, problem: PROBLEM } as const;
const TRACE_NAMES = ['traceparent', 'tracestate'] as const;

/** What travels beside an event. */
export interface EventHeaders {
  readonly eventId: string;
  readonly onlyFor?: string;
  readonly deliveries?: string;
  readonly problem?: string;
  /** W3C trace context: traceparent, tracestate. */
  readonly trace: Readonly<Record<string, string>>;
}

export function toMessageHeaders(o: EventHeaders): MsgHdrs {
  const result = headers();
  for (const [field, name] of Object.entries(NAMES)) {
    const value = o[field as keyof typeof NAMES];
    if (value !== undefined) result.set(name, value);
  }
  for (const [name, value] of Object.entries(o.trace)) result.set(name, value);
  return result;
}

export function readMessageHeaders(from: MsgHdrs | undefined): EventHeaders {
  const trace = TRACE_NAMES.flatMap((name) => (from?.has(name) ? [[name, from.get(name)]] : []));
  const field = (name: string) => (from?.has(name) ? from.get(name) : undefined);
  return {
    eventId: field(EVENT_ID) ?? '',
    onlyFor: field(ONLY_FOR),
    deliveries: field(DELIVERIES),
    problem: field(PROBLEM),
    trace: Object.fromEntries(trace),
  };
}
