import type { Database } from '@irisvue/database';
import { type Insertable, type Kysely, sql, type Transaction } from 'kysely';
import type { ArtworkPermissionEventsTable, ConsentTables, PermissionRow } from './schema.ts';

/** Lets one change at a time be made to a photo's permissions; the lock ends with the transaction. */
export async function lockPhoto(trx: Transaction<ConsentTables>, photoId: string): Promise<void> {
  await sql`SELECT pg_advisory_xact_lock(hashtextextended(${photoId}, 0))`.execute(trx);
}

export async function insertPermissionEvent(
  trx: Transaction<ConsentTables>,
  event: Insertable<ArtworkPermissionEventsTable>,
): Promise<void> {
  await trx.insertInto('artwork_permission_events').values(event).execute();
}

/** The latest event of each photo and owner, for one creator. */
export function latestPermissions(
  db: Kysely<ConsentTables> | Database<ConsentTables>,
  creatorId: string,
  photoIds: readonly string[],
): Promise<PermissionRow[]> {
  return db
    .selectFrom('artwork_permission_events')
    .selectAll()
    .distinctOn(['photo_id', 'owner_id'])
    .where('creator_id', '=', creatorId)
    .where('photo_id', 'in', photoIds)
    .orderBy('photo_id')
    .orderBy('owner_id')
    .orderBy('seq', 'desc')
    .execute();
}
