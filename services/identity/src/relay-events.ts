import { setTimeout as delay } from 'node:timers/promises';
import type { Database } from '@irisvue/database';
import { connectEvents, relayOutbox } from '@irisvue/events';
import type { Logger } from '@irisvue/runtime';

const RETRY_MS = 5_000;

/**
 * Publishes identity's events until it is disposed of. Signing in must not need NATS, so neither this nor the service
 * waits for it: events wait in the outbox as long as there is no server.
 */
export function startRelaying<DB>(o: {
  readonly natsUrl: string;
  readonly db: Database<DB>;
  readonly databaseUrl: string;
  readonly logger: Logger;
}): AsyncDisposable {
  const stopping = new AbortController();
  const { signal } = stopping;
  const loop = async (): Promise<void> => {
    while (!signal.aborted) {
      try {
        await using bus = await connectEvents({ url: o.natsUrl, name: 'identity', logger: o.logger });
        await relayOutbox({ ...o, bus, signal });
      } catch (error) {
        o.logger.warn({ err: error }, 'there is no NATS server: events wait in the outbox');
        await delay(RETRY_MS, undefined, { signal }).catch(() => undefined); // aborted: the loop's condition ends it
      }
    }
  };
  const ended = loop();
  return {
    async [Symbol.asyncDispose]() {
      stopping.abort();
      await ended;
    },
  };
}
