import { setTimeout as delay } from 'node:timers/promises';
import type { Clock, Logger } from '@irisvue/runtime';
import type { ObjectStore } from '@irisvue/storage';
import type { PrivacyDb } from '../privacy/schema.ts';
import { removeStrays } from './archives.ts';
import { expireExports } from './export-store.ts';

const EVERY_MS = 5 * 60_000;

export interface Archives {
  readonly db: PrivacyDb;
  readonly store: ObjectStore;
  readonly clock: Clock;
}

/** Deletes archives whose time is over, and those that no export stands for. Gives how many of each. */
export async function tidyArchives(o: Archives): Promise<{ readonly expired: number; readonly removed: number }> {
  const expired = await expireExports(o.db, o.clock.now());
  return { expired, removed: await removeStrays(o) };
}

/** Tidies until `signal` aborts; then it resolves. It never rejects. Any number of replicas may do so at once. */
export async function keepArchives(
  o: Archives & { readonly logger: Logger; readonly signal: AbortSignal },
): Promise<void> {
  while (!o.signal.aborted) {
    try {
      const done = await tidyArchives(o);
      if (done.expired + done.removed > 0) o.logger.info(done, 'archives are tidied');
    } catch (error) {
      o.logger.warn({ err: error }, 'archives are not tidied; the next round goes on');
    }
    await delay(EVERY_MS, undefined, { signal: o.signal }).catch(() => undefined); // aborted: the loop's condition ends it
  }
}
