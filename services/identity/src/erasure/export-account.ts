import type { ErasureDb } from './schema.ts';

/** A document of an export and where it lies in the archive. */
export interface ExportedDocument {
  readonly path: string;
  readonly value: unknown;
}

/** What identity holds about an account, without secrets: no digest of a password or a token. Empty when there is none. */
export async function exportAccount(db: ErasureDb, userId: string): Promise<ExportedDocument[]> {
  const account = await db
    .selectFrom('users')
    .select(['id', 'email', 'verified', 'role', 'language', 'created_at', 'updated_at'])
    .where('id', '=', userId)
    .executeTakeFirst();
  if (account === undefined) return [];
  const sessions = await db
    .selectFrom('sessions')
    .select(['id', 'client_name', 'created_at', 'refreshed_at', 'expires_at', 'ended_at', 'end_reason'])
    .where('user_id', '=', userId)
    .orderBy('id')
    .execute();
  const providers = await db
    .selectFrom('provider_accounts')
    .select(['provider', 'provider_id', 'linked_at'])
    .where('user_id', '=', userId)
    .execute();
  const circles = await db
    .selectFrom('circle_members')
    .innerJoin('circles', 'circles.id', 'circle_members.circle_id')
    .select(['circles.id', 'circles.name', 'circle_members.joined_at'])
    .select((of) => of('circles.owner_id', '=', userId).as('owned'))
    .where('circle_members.user_id', '=', userId)
    .execute();
  return [
    { path: 'account/account.json', value: account },
    { path: 'account/sessions.json', value: sessions },
    { path: 'account/providers.json', value: providers },
    { path: 'account/circles.json', value: circles },
  ];
}
