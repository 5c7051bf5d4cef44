import { listen } from '@irisvue/database';
import type { Logger } from '@irisvue/runtime';
import type { JobStatusName } from './schema.ts';

/** Channel that the trigger on the jobs table notifies: "user job status". */
const CHANNEL = 'jobs_changed';

/** A job that changed, as its notification says. Undefined: anything may have changed while nobody listened. */
export type Change = { readonly userId: string; readonly jobId: string; readonly status: JobStatusName } | undefined;

/** Tells of changed jobs. One connection listens for the whole process. */
export interface Changes {
  /** Calls `onChange` for each change until `signal` aborts. A signal only wakes: read the table for the truth. */
  subscribe(onChange: (change: Change) => void, signal: AbortSignal): void;
}

/** Listens to the database until `signal` aborts. */
export function listenToChanges(o: {
  readonly databaseUrl: string;
  readonly logger: Logger;
  readonly signal: AbortSignal;
}): Changes {
  const subscribers = new Set<(change: Change) => void>();
  const onNotify = (payload: string) => {
    const [userId, jobId, status] = payload.split(' ');
    const change = status ? { userId: userId!, jobId: jobId!, status: status as JobStatusName } : undefined;
    for (const tell of subscribers) tell(change);
  };
  void listen(o.databaseUrl, CHANNEL, onNotify, o.signal, { logger: o.logger });
  return {
    subscribe(onChange, signal) {
      if (signal.aborted) return;
      subscribers.add(onChange);
      signal.addEventListener('abort', () => subscribers.delete(onChange), { once: true });
    },
  };
}
