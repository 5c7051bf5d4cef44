import { setTimeout as delay } from 'node:timers/promises';
import { listen, newId } from '@irisvue/database';
import { errorDetail, type Logger } from '@irisvue/runtime';
import type { Leases } from './leases.ts';

// A worker that says nothing for so long is dead: another one goes on.
const LEASE_MS = 15_000;
// A notification wakes; this is for jobs that wait for something, and for those of a worker that died.
const POLL_MS = 1_000;
const FIRST_RETRY_MS = 500;
const LAST_RETRY_MS = 60_000;

/** A job cannot go on yet; it says what it waits for. */
export class NotYet extends Error {
  readonly waitingFor: string;

  constructor(waitingFor: string) {
    super(`waits for ${waitingFor}`);
    this.name = 'NotYet';
    this.waitingFor = waitingFor;
  }
}

/** What a worker on leased jobs needs. */
export interface LeasedWork<Row> {
  /** What a job is called in the log. */
  readonly name: string;
  readonly leases: Leases<Row>;
  /** Channel that tells of new jobs. */
  readonly channel: string;
  /** Carries a job to its end, or throws: NotYet, or whatever fails. It stops when `signal` aborts. */
  readonly carry: (row: Row, worker: string, signal: AbortSignal) => Promise<void>;
  readonly databaseUrl: string;
  readonly logger: Logger;
  readonly signal: AbortSignal;
  readonly leaseMs?: number;
}

/**
 * Works on jobs until `signal` aborts; then it resolves, and what it had in hand is taken up by another worker. It
 * never rejects. Any number of replicas share the work; each job is in one hand at a time, by a lease.
 */
export async function keepWorking<Row extends { id: string; failures: number }>(o: LeasedWork<Row>): Promise<void> {
  const { signal } = o;
  let ring: () => void = () => undefined;
  const listening = listen(o.databaseUrl, o.channel, () => ring(), signal, { logger: o.logger });
  while (!signal.aborted) {
    const rung = new Promise<void>((resolve) => {
      ring = resolve;
    });
    const worked = await workOnce(o).catch((error: unknown) => {
      o.logger.warn({ err: error, job: o.name }, 'jobs cannot be looked for');
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

/** Takes up one job and carries it as far as it goes; false when none is due. */
async function workOnce<Row extends { id: string; failures: number }>(o: LeasedWork<Row>): Promise<boolean> {
  const { leases, leaseMs = LEASE_MS } = o;
  const worker = newId();
  const row = await leases.claim(worker, leaseMs);
  if (row === undefined) return false;
  const lost = new AbortController();
  const renewing = setInterval(() => {
    leases.renew(row.id, worker, leaseMs).then(
      (held) => held || lost.abort(new NotYet('another worker')),
      (error: unknown) => o.logger.warn({ err: error, [o.name]: row.id }, 'the lease is not renewed'),
    );
  }, leaseMs / 3);
  try {
    await o.carry(row, worker, AbortSignal.any([o.signal, lost.signal]));
    o.logger.info({ [o.name]: row.id }, `an ${o.name} is completed`);
  } catch (error) {
    await giveBack(o, row, worker, error);
  } finally {
    clearInterval(renewing);
  }
  return true;
}

async function giveBack<Row extends { id: string; failures: number }>(
  o: LeasedWork<Row>,
  { id, failures }: Row,
  worker: string,
  error: unknown,
): Promise<void> {
  const failed = !o.signal.aborted;
  const delayMs = failed ? Math.min(FIRST_RETRY_MS * 2 ** Math.min(failures, 10), LAST_RETRY_MS) : 0;
  const waitingFor = failed ? causeOf(error) : '';
  if (failed) o.logger.warn({ err: error, [o.name]: id, delayMs }, `an ${o.name} waits`);
  await o.leases.handBack(id, worker, { delayMs, waitingFor, failed });
}

function causeOf(error: unknown): string {
  if (error instanceof NotYet) return error.waitingFor;
  return errorDetail(error)?.metadata['dependency'] ?? 'another try';
}
