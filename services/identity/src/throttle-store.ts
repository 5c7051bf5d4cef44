import type { Database } from '@irisvue/database';
import { sql } from 'kysely';
import type { IdentityTables } from './schema.ts';
import type { ThrottlePolicy } from './throttle.ts';

type Db = Database<IdentityTables>;

/**
 * Counts a try in one statement, which rows at the same time wait for; false when the key has to wait. The level is what
 * stood there, less what time forgave, plus one; beyond `free` the next wait is firstWait × 2^(level beyond − 1).
 */
export async function countTry(db: Db, key: Buffer, policy: ThrottlePolicy, now: Date): Promise<boolean> {
  const { free, firstWaitMs, longestWaitMs, forgiveMs } = policy;
  const forgiven = sql`extract(epoch from ${now}::timestamptz - throttles.counted_at) * 1000 / ${forgiveMs}::float8`;
  const level = sql<number>`greatest(0, throttles.level - greatest(0, ${forgiven})) + 1`;
  const waitMs = sql`least(${longestWaitMs}::float8, ${firstWaitMs}::float8 * 2 ^ least(60, ceil(${level} - ${free}::int) - 1))`;
  const until = sql<Date>`case when ${level} > ${free}::int then ${now}::timestamptz + ${waitMs} * interval '1 ms' end`;
  const counted = await db
    .insertInto('throttles')
    .values({ key, level: 1, counted_at: now })
    .onConflict((conflict) =>
      conflict
        .column('key')
        .doUpdateSet({ level, counted_at: now, blocked_until: until })
        .where((row) =>
          row.or([row('throttles.blocked_until', 'is', null), row('throttles.blocked_until', '<=', now)]),
        ),
    )
    .executeTakeFirst();
  return counted.numInsertedOrUpdatedRows === 1n;
}

/** Until when a key has to wait. */
export async function blockedUntil(db: Db, key: Buffer): Promise<Date | null | undefined> {
  const row = await db.selectFrom('throttles').select('blocked_until').where('key', '=', key).executeTakeFirst();
  return row?.blocked_until;
}

/** Takes one try back, and the wait that it began. */
export async function takeBackTry(db: Db, key: Buffer): Promise<void> {
  await db
    .updateTable('throttles')
    .set((set) => ({ level: sql<number>`greatest(0, ${set.ref('level')} - 1)`, blocked_until: null }))
    .where('key', '=', key)
    .execute();
}

export async function clearTries(db: Db, key: Buffer): Promise<void> {
  await db.deleteFrom('throttles').where('key', '=', key).execute();
}

/** Forgets keys that nobody tried since `before`. */
export async function deleteOldTries(db: Db, before: Date): Promise<void> {
  await db.deleteFrom('throttles').where('counted_at', '<', before).execute();
}
