import type { Database } from '@irisvue/database';
import type { Kysely } from 'kysely';
import type { Notice } from './notices.ts';
import type { ConsentTables } from './schema.ts';

/** Keeps the texts in force, by hash, next to those that were. */
export async function keepNotices(db: Database<ConsentTables>, notices: readonly Notice[]): Promise<void> {
  await db
    .insertInto('notices')
    .values(notices.map(({ sha256, id, version, body }) => ({ sha256, id, version, body })))
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}

export async function insertServed(
  db: Database<ConsentTables>,
  served: { id: string; userId: string; sha256: string; now: Date },
): Promise<void> {
  await db
    .insertInto('notices_served')
    .values({ id: served.id, user_id: served.userId, notice_sha256: served.sha256, served_at: served.now })
    .execute();
}

/** The last showing of a text to a user, or undefined. */
export async function lastServed(
  db: Kysely<ConsentTables>,
  userId: string,
  sha256: string,
): Promise<string | undefined> {
  const row = await db
    .selectFrom('notices_served')
    .select('id')
    .where('user_id', '=', userId)
    .where('notice_sha256', '=', sha256)
    .orderBy('served_at', 'desc')
    .limit(1)
    .executeTakeFirst();
  return row?.id;
}
