import type { Database } from '@irisvue/database';
import type { IdentityTables, ProviderName } from './schema.ts';

type Db = Database<IdentityTables>;

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
