import { createHmac, hkdfSync } from 'node:crypto';
import type { Database } from '@irisvue/database';
import { type Clock, DomainError, ErrorReason } from '@irisvue/runtime';
import type { IdentityTables } from './schema.ts';
import { blockedUntil, clearTries, countTry, takeBackTry } from './throttle-store.ts';

const KEY_BYTES = 32;

/** How tries are slowed down. Each try lifts a level; time lowers it, evenly. */
export interface ThrottlePolicy {
  readonly name: string;
  /** Level up to which there is no waiting. */
  readonly free: number;
  /** Wait after the first try beyond; each further one doubles it. */
  readonly firstWaitMs: number;
  readonly longestWaitMs: number;
  /** The level falls by one in this time. */
  readonly forgiveMs: number;
}

/** One thing that is counted: a policy, and whose tries. */
export interface Counter {
  readonly policy: ThrottlePolicy;
  /** An e-mail, an address, an id. It is stored as an HMAC only. */
  readonly key: string;
}

/** Slows guessing down, for accounts that exist and those that do not alike: it counts what was asked for. */
export interface Throttle {
  /**
   * Counts one try for each counter, before it is made: tries at the same time are counted one by one. Throws
   * RATE_LIMITED {retry_after_ms} when one of them has to wait; such a try is not counted for that one.
   */
  count(...counters: readonly Counter[]): Promise<void>;
  /** The try was an honest one: takes its count back. */
  takeBack(...counters: readonly Counter[]): Promise<void>;
  /** Whoever tried has proved who they are: forgets all tries. */
  clear(...counters: readonly Counter[]): Promise<void>;
}

/** Counts in the database, so that replicas count together and a restart forgets nothing. */
export function createThrottle(o: {
  readonly db: Database<IdentityTables>;
  readonly clock: Clock;
  readonly secret: string;
}): Throttle {
  const { db, clock } = o;
  const hmacKey = Buffer.from(hkdfSync('sha256', o.secret, '', 'irisvue/identity/throttles/v1', KEY_BYTES));
  const stored = ({ policy, key }: Counter): Buffer =>
    createHmac('sha256', hmacKey).update(`${policy.name}\n${key.toLowerCase()}`).digest();
  return {
    async count(...counters) {
      for (const counter of counters) {
        const now = clock.now();
        const key = stored(counter);
        if (await countTry(db, key, counter.policy, now)) continue;
        const until = (await blockedUntil(db, key)) ?? now;
        const waitMs = Math.max(1, until.getTime() - now.getTime());
        throw new DomainError(ErrorReason.RATE_LIMITED, 'too many tries', { retry_after_ms: String(waitMs) });
      }
    },
    async takeBack(...counters) {
      for (const counter of counters) await takeBackTry(db, stored(counter));
    },
    async clear(...counters) {
      for (const counter of counters) await clearTries(db, stored(counter));
    },
  };
}
