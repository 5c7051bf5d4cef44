import { setTimeout as delay } from 'node:timers/promises';
import { type EventBus, isConsumed, lastEventFor, purgeText } from '@irisvue/events';
import type { Clock } from '@irisvue/runtime';
import type { Evidence } from '../evidence.ts';
import { completeErasure } from './complete-erasure.ts';
import { type ErasureSubject, keepErased, setState, subjectsOf } from './erasure-store.ts';
import { NotYet } from './leased-work.ts';
import { isOwnId } from './own-data.ts';
import type { Party } from './parties.ts';
import type { CacheKeys } from './redis-keys.ts';
import { scanEverywhere } from './scan-everywhere.ts';
import type { ErasureRow, PrivacyDb } from './schema.ts';
import { type Telling, tellJointAuthors, tellRecipients } from './tell-others.ts';

/** What an erasure needs. */
export interface Eraser {
  readonly db: PrivacyDb;
  /** In the order in which they are erased: this service itself, whose events others wait for, comes first. */
  readonly parties: readonly Party[];
  readonly bus: EventBus;
  readonly cache: CacheKeys;
  readonly telling: Omit<Telling, 'db' | 'evidence' | 'clock'>;
  /** Feeds the audit log from the stream. */
  readonly auditConsumer: string;
  readonly evidence: Evidence;
  readonly clock: Clock;
}

const AUDIT_WAIT_MS = 10_000;
const AUDIT_POLL_MS = 100;

/**
 * Carries an erasure on from the state that it is in, to its end:
 *
 *  1) blocking: every party sets its tombstones, so that nothing new comes in;
 *  2) erasing: every party erases, and what it tells is kept for the certificate;
 *  3) purging: when the audit log has read what the streams tell of it, their messages and the keys of caches go;
 *  4) telling: the others in joint works, and the recipients, hear of it;
 *  5) verifying: every place is looked at; what is found is erased again, from 2;
 *  6) completed: what names the subject goes, and the certificate is signed, in one transaction.
 *
 * Each state is harmless to repeat, so whoever takes an erasure up after a crash begins its state anew. Throws NotYet
 * when it has to be taken up later, and what parties throw.
 */
export async function eraseEverywhere(o: Eraser, erasure: ErasureRow, signal: AbortSignal): Promise<void> {
  const { id } = erasure;
  const subjects = await subjectsOf(o.db, id);
  let { state } = erasure;
  while (state !== 'completed') {
    signal.throwIfAborted();
    switch (state) {
      case 'blocking':
        await forEach(o.parties, subjects, (party, subject) => party.block(subject, id, signal));
        await setState(o.db, id, 'erasing');
        state = 'erasing';
        break;
      case 'erasing':
        await forEach(o.parties, subjects, async (party, subject) => {
          for await (const part of party.erase(subject, id, signal)) await keepErased(o.db, id, party.name, part);
        });
        await setState(o.db, id, 'purging');
        state = 'purging';
        break;
      case 'purging':
        await setState(o.db, id, 'telling', { purged: await purge(o, subjects, signal) });
        state = 'telling';
        break;
      case 'telling': {
        const telling = { ...o.telling, db: o.db, evidence: o.evidence, clock: o.clock };
        await tellJointAuthors(telling, id, signal);
        const principals = subjects.map((subject) => subject.principalId);
        await tellRecipients(telling, id, principals, signal);
        await setState(o.db, id, 'verifying');
        state = 'verifying';
        break;
      }
      case 'verifying': {
        const scans = await scanEverywhere(o, subjects, signal);
        const found = scans.filter((scan) => scan.findings.length > 0);
        if (found.length > 0) {
          await setState(o.db, id, 'erasing');
          throw new NotYet(found.map((scan) => scan.place).join(', '));
        }
        await completeErasure(
          o,
          erasure,
          subjects,
          scans.flatMap((scan) => scan.lookedAt),
        );
        state = 'completed';
        break;
      }
      default:
        state satisfies never;
    }
  }
}

async function forEach(
  parties: readonly Party[],
  subjects: readonly ErasureSubject[],
  work: (party: Party, subject: ErasureSubject) => Promise<void>,
): Promise<void> {
  for (const party of parties) for (const subject of subjects) await work(party, subject);
}

/** Purges streams and caches; gives how many messages and keys. What the audit log has not read yet is waited for. */
async function purge(o: Eraser, subjects: readonly ErasureSubject[], signal: AbortSignal): Promise<number> {
  await untilAudited(o, signal);
  const ids = [...new Set(subjects.filter(isOwnId).map((subject) => subject.id))];
  let purged = await purgeText(o.bus, ids);
  for (const id of ids) purged += await o.cache.forget(id);
  return purged;
}

async function untilAudited({ bus, auditConsumer }: Eraser, signal: AbortSignal): Promise<void> {
  const end = await lastEventFor(bus, auditConsumer);
  for (let waitedMs = 0; !(await isConsumed(bus, auditConsumer, end)); waitedMs += AUDIT_POLL_MS) {
    if (waitedMs >= AUDIT_WAIT_MS) throw new NotYet('the audit log');
    await delay(AUDIT_POLL_MS, undefined, { signal });
  }
}
