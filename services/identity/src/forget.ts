import { setTimeout as delay } from 'node:timers/promises';
import { type Database, forgetRequests } from '@irisvue/database';
import type { Clock, Logger } from '@irisvue/runtime';
import { deleteEndedLinks } from './link-store.ts';
import { deleteEndedNonces } from './providers/nonces.ts';
import type { IdentityTables } from './schema.ts';
import { deleteOldTries } from './throttle-store.ts';

const DAY_MS = 24 * 3_600_000;
/** A client that repeats a request does so within days; after this its id would count as new. */
const KEEP_REQUESTS_MS = 7 * DAY_MS;
/** Longer than any throttle's wait, and than a level takes to fall to zero. */
const KEEP_TRIES_MS = 2 * DAY_MS;

export interface Forgetting {
  readonly db: Database<IdentityTables>;
  readonly clock: Clock;
}

/** Forgets what is of no use any more: ended links and nonces, throttles that have calmed down, old request ids. */
export async function forgetEnded({ db, clock }: Forgetting): Promise<void> {
  const now = clock.now().getTime();
  await deleteEndedLinks(db, new Date(now));
  await deleteEndedNonces(db, new Date(now));
  await deleteOldTries(db, new Date(now - KEEP_TRIES_MS));
  await forgetRequests(db, new Date(now - KEEP_REQUESTS_MS));
}

/** Does so every `everyMs`, until it is disposed of. Replicas may do it at the same time. A failure is tried again. */
export function startForgetting(
  o: Forgetting & { readonly everyMs: number; readonly logger: Logger },
): AsyncDisposable {
  const stopping = new AbortController();
  const { signal } = stopping;
  const loop = async (): Promise<void> => {
    while (!signal.aborted) {
      await forgetEnded(o).catch((error: unknown) =>
        o.logger.warn({ err: error }, 'what has ended is not forgotten yet'),
      );
      await delay(o.everyMs, undefined, { signal }).catch(() => undefined); // aborted: the loop's condition ends it
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
