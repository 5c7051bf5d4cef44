import {
  DiscardPolicy,
  type JetStreamManager,
  RetentionPolicy,
  StorageType,
  type StreamConfig,
} from '@nats-io/jetstream';
import { nanos } from '@nats-io/nats-core';
import { isStreamMissing } from './jetstream-errors.ts';

/** The one stream of facts; subject `events.<full name of the message type>`. */
export const EVENTS_STREAM = 'EVENTS';
export const EVENT_SUBJECTS = 'events.';
/** What a consumer gave up on; subject `dead.<durable>.<full name of the message type>`. */
export const DEAD_LETTERS_STREAM = 'DEAD_LETTERS';
export const DEAD_LETTER_SUBJECTS = 'dead.';

const HOUR_MS = 3600 * 1000;
const DAY_MS = 24 * HOUR_MS;
const MIB = 1024 * 1024;

// Ids and a trace header fit well within it; pixels do not.
const MAX_MESSAGE_BYTES = 64 * 1024;

const COMMON = {
  retention: RetentionPolicy.Limits,
  storage: StorageType.File,
  // The tables are the truth and sweeps find what no event announced: better the oldest event than the newest is lost.
  discard: DiscardPolicy.Old,
  max_msg_size: MAX_MESSAGE_BYTES,
  // How long a message id is remembered: an outbox that publishes again within it stores nothing twice.
  duplicate_window: nanos(HOUR_MS),
} as const satisfies Partial<StreamConfig>;

const STREAMS = [
  {
    ...COMMON,
    name: EVENTS_STREAM,
    subjects: [`${EVENT_SUBJECTS}>`],
    max_age: nanos(7 * DAY_MS),
    max_bytes: 512 * MIB,
  },
  {
    ...COMMON,
    name: DEAD_LETTERS_STREAM,
    subjects: [`${DEAD_LETTER_SUBJECTS}>`],
    max_age: nanos(30 * DAY_MS),
    max_bytes: 64 * MIB,
    allow_direct: true, // for listing by next_by_subj
  },
] as const;

/** Makes the streams, or brings them to these settings. Harmless when several services do it at once. */
export async function ensureStreams(manager: JetStreamManager): Promise<void> {
  for (const config of STREAMS) {
    const settings = { ...config, subjects: [...config.subjects] };
    try {
      const { config: present } = await manager.streams.info(config.name);
      const isSame = Object.entries(settings).every(
        ([name, value]) => JSON.stringify(present[name as keyof StreamConfig]) === JSON.stringify(value),
      );
      if (!isSame) await manager.streams.update(config.name, settings);
    } catch (error) {
      if (!isStreamMissing(error)) throw error;
      await manager.streams.add(settings);
    }
  }
}
