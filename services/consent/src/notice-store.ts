import type { Database } from '@irisvue/database';
import type { Kysely, Transaction } from 'kysely';
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
  trx: Transaction<ConsentTables>,
  served: { id: string; principalId: string; sha256: string; now: Date },
): Promise<void> {
  await trx
    .insertInto('notices_served')
    .values({ id: served.id, principal_id: served.principalId, notice_sha256: served.sha256, served_at: served.now })
    .execute();
}

/** The last showing of a text to a user, or undefined. */
export async function lastServed(
  db: Kysely<ConsentTables>,
  principalId: string,
  sha256: string,
): Promise<string | undefined> {
  const row = await db
    .selectFrom('notices_served')
    .select('id')
    .where('principal_id', '=', principalId)
    .where('notice_sha256', '=', sha256)
    .orderBy('served_at', 'desc')
    .limit(1)
    .executeTakeFirst();
  return row?.id;
}
