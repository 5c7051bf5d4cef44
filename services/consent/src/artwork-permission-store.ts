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
): Promise<(PermissionRow & { owner_id: string })[]> {
  return db
    .selectFrom('artwork_permission_events as event')
    .innerJoin('principals as creator', 'creator.principal_id', 'event.creator_principal_id')
    .innerJoin('principals as owner', 'owner.principal_id', 'event.owner_principal_id')
    .selectAll('event')
    .select('owner.subject_id as owner_id')
    .distinctOn(['event.photo_id', 'event.owner_principal_id'])
    .where('creator.subject_id', '=', creatorId)
    .where('creator.subject_kind', '=', 'self')
    .where('event.photo_id', 'in', photoIds)
    .orderBy('event.photo_id')
    .orderBy('event.owner_principal_id')
    .orderBy('event.seq', 'desc')
    .execute();
}
