import type { Database } from '@irisvue/database';
import type { Clock, Logger } from '@irisvue/runtime';
import type { ObjectStore } from '@irisvue/storage';
import type { JobsDatabase } from '../schema.ts';
import { createWake } from '../wake.ts';
import { dissolveBuried } from './dissolve-buried.ts';
import { forgetLogs } from './erasure-log.ts';
import { orphans } from './orphans.ts';

/** Whoever asked for an erasure has read what it erased by then. */
const LOGS_KEPT_MS = 7 * 24 * 3_600_000;

export interface TidyOptions {
  readonly db: Database<JobsDatabase>;
  readonly store: ObjectStore;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Deletes objects that belong to no row, removes the rows of what is deleted and swept, forgets old erasures' logs. */
export async function tidy(o: TidyOptions): Promise<{ orphans: number; dissolved: number; logs: number }> {
  let deleted = 0;
  for await (const key of orphans(o)) {
    await o.store.delete(key);
    deleted += 1;
  }
  const dissolved = await dissolveBuried(o.db);
  const logs = await forgetLogs(o.db, new Date(o.clock.now().getTime() - LOGS_KEPT_MS));
  return { orphans: deleted, dissolved, logs };
}

/** Tidies every `everyMs` until `signal` aborts. Any number of replicas may do it at once. */
export async function keepTidy(
  o: TidyOptions & { readonly everyMs: number; readonly signal: AbortSignal },
): Promise<void> {
  const never = createWake();
  while (!o.signal.aborted) {
    try {
      const done = await tidy(o);
      if (done.orphans + done.dissolved + done.logs > 0) o.logger.info(done, 'tidied');
    } catch (error) {
      o.logger.warn({ err: error }, 'tidying broke off; the next round goes on');
    }
    await never.wait(o.everyMs, o.signal);
  }
}
