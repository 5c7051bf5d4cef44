import type { Kysely, Transaction } from 'kysely';
import type { Notice } from './notices.ts';
import type { ConsentTables } from './schema.ts';

/** Keeps a text and its retention policy as they were served, by hash, next to those that were before. */
export async function keepNotice(trx: Transaction<ConsentTables>, notice: Notice): Promise<void> {
  const { sha256, id, version, body, policy } = notice;
  await trx
    .insertInto('notices')
    .values({ sha256, id, version, body })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  await trx
    .insertInto('retention_policies')
    .values({
      sha256: policy.sha256,
      version: policy.version,
      language: policy.language,
      in_force_at: policy.inForceAt,
      body: policy.body,
    })
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
