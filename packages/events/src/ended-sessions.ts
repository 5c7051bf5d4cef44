import { setTimeout as delay } from 'node:timers/promises';
import { create, fromBinary } from '@bufbuild/protobuf';
import { timestampDate } from '@bufbuild/protobuf/wkt';
import { type SessionsEnded, SessionsEndedSchema } from '@irisvue/contracts/irisvue/identity/v1/events';
import { ACCESS_TOKEN_MS, type Clock, type Logger } from '@irisvue/runtime';
import { type ConsumerMessages, DeliverPolicy, type JsMsg } from '@nats-io/jetstream';
import { connectEvents, type EventBus } from './connect-events.ts';
import { EVENT_SUBJECTS, EVENTS_STREAM } from './streams.ts';

const SUBJECT = `${EVENT_SUBJECTS}${SessionsEndedSchema.typeName}`;
const RETRY_MS = 1_000;
// A service that starts waits so long for what is known already, then it serves all the same.
const FIRST_WAIT_MS = 5_000;
// What tells that the server has lost the consumer, or that it went silent.
const LOST = ['consumer_not_found', 'consumer_deleted', 'stream_not_found', 'heartbeats_missed'];
// Clocks of machines differ; a session is remembered a little longer than its tokens live.
const MARGIN_MS = 60_000;
const REMEMBER_MS = ACCESS_TOKEN_MS + MARGIN_MS;

/** Sessions that ended while an access token of theirs may still be good. Dispose of it to stop following. */
export interface EndedSessions extends AsyncDisposable {
  has(sessionId: string): boolean;
}

export interface EndedSessionsOptions {
  readonly natsUrl: string;
  /** Shown by the server for this connection. */
  readonly name: string;
  readonly clock: Clock;
  readonly logger: Logger;
}

/**
 * Follows SessionsEnded from as far back as an access token lives, so that a restart forgets nothing, and from then on as
 * sessions end. Every replica follows for itself; the memory is 30 minutes of ended sessions. Resolves once what the
 * stream has is known, or after 5 s, or at once when there is no NATS: then it tries on, and until it succeeds a token is
 * good until it expires.
 */
export async function followEndedSessions(o: EndedSessionsOptions): Promise<EndedSessions> {
  const stopping = new AbortController();
  const { signal } = stopping;
  const ended = new Map<string, number>();
  const first = Promise.withResolvers<void>();

  const loop = async (): Promise<void> => {
    while (!signal.aborted) {
      try {
        await using bus = await connectEvents({ url: o.natsUrl, name: o.name, logger: o.logger });
        await followOnce(bus, {
          since: new Date(o.clock.now().getTime() - REMEMBER_MS),
          add,
          known: first.resolve,
          signal,
        });
      } catch (error) {
        if (signal.aborted) return;
        o.logger.warn({ err: error }, 'which sessions ended is not known, trying again');
      }
      first.resolve();
      await delay(RETRY_MS, undefined, { signal }).catch(() => undefined); // aborted: the loop's condition ends it
    }
  };

  function add(message: JsMsg): void {
    const { sessionIds, endTime } = decoded(message, o.logger);
    const now = o.clock.now().getTime();
    const forgetAt = (endTime ? timestampDate(endTime).getTime() : now) + REMEMBER_MS;
    for (const id of sessionIds) ended.set(id, forgetAt);
    // Events come in the order in which sessions ended, or nearly so.
    for (const [id, at] of ended) {
      if (at > now) break;
      ended.delete(id);
    }
  }

  const done = loop();
  const limit = new AbortController();
  await Promise.race([first.promise, delay(FIRST_WAIT_MS, undefined, { signal: limit.signal }).catch(() => undefined)]);
  limit.abort();
  return {
    has: (sessionId) => ended.has(sessionId),
    async [Symbol.asyncDispose]() {
      stopping.abort();
      await done;
    },
  };
}

/** What a message says; nothing when it cannot be read, for those behind it must not wait for it. */
function decoded({ data, seq }: JsMsg, logger: Logger): SessionsEnded {
  try {
    return fromBinary(SessionsEndedSchema, data);
  } catch (error) {
    logger.error({ err: error, seq }, 'which sessions ended cannot be read from an event');
    return create(SessionsEndedSchema);
  }
}

/** Hands over every event since a time, and those that follow, until the signal aborts or the stream is lost. */
async function followOnce(
  bus: EventBus,
  o: {
    readonly since: Date;
    readonly add: (message: JsMsg) => void;
    /** Called when all that the stream had at the start was handed over. */
    readonly known: () => void;
    readonly signal: AbortSignal;
  },
): Promise<void> {
  // An ordered consumer needs no acknowledgement and leaves nothing on the server. Its client cannot make one that began
  // at a time anew; so when it is lost all is read again, which is no more than the last half hour.
  const consumer = await bus.streams.consumers.get(EVENTS_STREAM, {
    filter_subjects: SUBJECT,
    deliver_policy: DeliverPolicy.StartTime,
    opt_start_time: o.since.toISOString(),
  });
  const { num_pending: pending } = await consumer.info();
  if (pending === 0) o.known();
  const messages = await consumer.consume();
  const stop = () => messages.stop();
  o.signal.addEventListener('abort', stop, { once: true });
  void stopWhenLost(messages);
  try {
    if (o.signal.aborted) return;
    for await (const message of messages) {
      o.add(message);
      if (message.info.pending === 0) o.known();
    }
  } finally {
    o.signal.removeEventListener('abort', stop);
    await messages.close();
  }
}

async function stopWhenLost(messages: ConsumerMessages): Promise<void> {
  for await (const { type } of messages.status()) {
    if (LOST.includes(type)) messages.stop();
  }
}
