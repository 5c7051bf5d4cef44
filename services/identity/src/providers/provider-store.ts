import type { Database } from '@irisvue/database';
import type { Language } from '../language.ts';
import type { IdentityTables, ProviderName, UserRow } from '../schema.ts';

type Db = Database<IdentityTables>;

/** An account of a provider. */
export interface ProviderAccount {
  readonly provider: ProviderName;
  readonly providerId: string;
}

/** The providers that sign an account in, in the order in which they were linked. */
export async function providersOf(db: Db, userId: string): Promise<ProviderName[]> {
  const rows = await db
    .selectFrom('provider_accounts')
    .select('provider')
    .where('user_id', '=', userId)
    .orderBy('linked_at')
    .execute();
  return rows.map(({ provider }) => provider);
}

/** The account that a provider's account signs in to. */
export function userOfProvider(db: Db, { provider, providerId }: ProviderAccount): Promise<UserRow | undefined> {
  return db
    .selectFrom('users')
    .innerJoin('provider_accounts', 'provider_accounts.user_id', 'users.id')
    .selectAll('users')
    .where('provider_accounts.provider', '=', provider)
    .where('provider_accounts.provider_id', '=', providerId)
    .executeTakeFirst();
}

/** Links a provider's account; false when it, or another one of that provider, is linked already. */
export async function insertProviderAccount(
  db: Db,
  { provider, providerId }: ProviderAccount,
  userId: string,
  now: Date,
): Promise<boolean> {
  const { numInsertedOrUpdatedRows } = await db
    .insertInto('provider_accounts')
    .values({ provider, provider_id: providerId, user_id: userId, linked_at: now })
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirst();
  return numInsertedOrUpdatedRows === 1n;
}

export async function deleteProviderAccount(db: Db, provider: ProviderName, userId: string): Promise<void> {
  await db.deleteFrom('provider_accounts').where('provider', '=', provider).where('user_id', '=', userId).execute();
}

/** Adds an account that its provider has vouched for, without a password. Undefined when the e-mail is taken. */
export function insertProvidedUser(
  db: Db,
  user: { readonly id: string; readonly email: string; readonly language: Language; readonly now: Date },
): Promise<UserRow | undefined> {
  return db
    .insertInto('users')
    .values({
      id: user.id,
      email: user.email,
      active: true,
      verified: true,
      language: user.language,
      created_at: user.now,
      updated_at: user.now,
    })
    .onConflict((conflict) => conflict.doNothing())
    .returningAll()
    .executeTakeFirst();
}
