import { setTimeout as delay } from 'node:timers/promises';
import { listen, newId } from '@irisvue/database';
import { errorDetail, type Logger } from '@irisvue/runtime';
import { type Eraser, eraseEverywhere, NotYet } from './erase-everywhere.ts';
import { claimErasure, ERASURES_CHANNEL, handBack, renewLease } from './erasure-store.ts';
import type { ErasureRow } from './schema.ts';

// A worker that says nothing for so long is dead: another one goes on.
const LEASE_MS = 15_000;
// A notification wakes; this is for erasures that wait for something, and for those of a worker that died.
const POLL_MS = 1_000;
const FIRST_RETRY_MS = 500;
const LAST_RETRY_MS = 60_000;

/** What a worker needs. */
interface Working extends Eraser {
  readonly logger: Logger;
  readonly signal: AbortSignal;
  readonly leaseMs?: number;
}

/**
 * Works on erasures until `signal` aborts; then it resolves, and what it had in hand is taken up by another worker. It
 * never rejects. Any number of replicas share the work; each erasure is in one hand at a time, by a lease.
 */
export async function keepErasing(o: Working & { readonly databaseUrl: string }): Promise<void> {
  const { signal } = o;
  let ring: () => void = () => undefined;
  const listening = listen(o.databaseUrl, ERASURES_CHANNEL, () => ring(), signal, { logger: o.logger });
  while (!signal.aborted) {
    const rung = new Promise<void>((resolve) => {
      ring = resolve;
    });
    const worked = await workOnce(o).catch((error: unknown) => {
      o.logger.warn({ err: error }, 'erasures cannot be looked for');
      return false;
    });
    if (worked || signal.aborted) continue;
    const waiting = new AbortController();
    const timer = delay(POLL_MS, undefined, { signal: AbortSignal.any([signal, waiting.signal]) });
    await Promise.race([rung, timer]).catch(() => undefined); // aborted: the loop's condition ends it
    waiting.abort();
    await timer.catch(() => undefined);
  }
  await listening;
}

/** Takes up one erasure and carries it as far as it goes; false when none is due. */
async function workOnce(o: Working): Promise<boolean> {
  const leaseMs = o.leaseMs ?? LEASE_MS;
  const worker = newId();
  const erasure = await claimErasure(o.db, worker, leaseMs);
  if (erasure === undefined) return false;
  const lost = new AbortController();
  const renewing = setInterval(() => {
    renewLease(o.db, erasure.id, worker, leaseMs).then(
      (held) => held || lost.abort(new NotYet('another worker')),
      (error: unknown) => o.logger.warn({ err: error, erasure: erasure.id }, 'the lease is not renewed'),
    );
  }, leaseMs / 3);
  try {
    await eraseEverywhere(o, erasure, AbortSignal.any([o.signal, lost.signal]));
    o.logger.info({ erasure: erasure.id }, 'an erasure is completed');
  } catch (error) {
    await giveBack(o, erasure, worker, error);
  } finally {
    clearInterval(renewing);
  }
  return true;
}

async function giveBack(
  o: Pick<Eraser, 'db'> & { readonly logger: Logger; readonly signal: AbortSignal },
  erasure: ErasureRow,
  worker: string,
  error: unknown,
): Promise<void> {
  const failed = !o.signal.aborted;
  const delayMs = failed ? Math.min(FIRST_RETRY_MS * 2 ** Math.min(erasure.failures, 10), LAST_RETRY_MS) : 0;
  const waitingFor = failed ? causeOf(error) : '';
  if (failed) o.logger.warn({ err: error, erasure: erasure.id, delayMs }, 'an erasure waits');
  await handBack(o.db, erasure.id, worker, { delayMs, waitingFor, failed });
}

function causeOf(error: unknown): string {
  if (error instanceof NotYet) return error.waitingFor;
  return errorDetail(error)?.metadata['dependency'] ?? 'another try';
}
