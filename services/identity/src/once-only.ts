import { type Database, once, type RequestKey, requestBefore } from '@irisvue/database';
import type { Transaction } from 'kysely';
import type { IdentityTables } from './schema.ts';

/**
 * Carries a request out once; a repeat does nothing and is answered like the first. `prepare` is what must not hold a
 * connection, such as hashing and throttling; then `make` writes. REQUEST_ID_REUSED {request_id} as once() throws it.
 */
export async function onceOnly<T>(
  db: Database<IdentityTables>,
  request: RequestKey,
  prepare: () => Promise<T>,
  make: (trx: Transaction<IdentityTables>, prepared: T) => Promise<void>,
): Promise<void> {
  if ((await requestBefore(db, request)) !== undefined) return;
  const prepared = await prepare();
  await db.transaction().execute(async (trx) => {
    await once(trx, request, async () => {
      await make(trx, prepared);
      return '';
    });
  });
}
