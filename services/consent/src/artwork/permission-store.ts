import type { Database, Page } from '@irisvue/database';
import { type Insertable, type Kysely, sql, type Transaction } from 'kysely';
import type { ConsentTables } from '../schema.ts';
import type { ArtworkPermissionEventsTable, PermissionRow } from './schema.ts';
import type { PermissionScope } from './scope.ts';

export async function insertPermissionEvent(
  trx: Transaction<ConsentTables>,
  event: Insertable<ArtworkPermissionEventsTable>,
): Promise<void> {
  await trx.insertInto('artwork_permission_events').values(event).execute();
}

/** The columns that make two events of the same two people one permission. */
export function scopeColumns(scope: PermissionScope) {
  return {
    photo_id: scope.photoId ?? null,
    artwork_id: scope.artworkId ?? null,
    purpose: scope.purpose ?? null,
    circle_id: scope.circleId ?? null,
  };
}

/** All permissions between owners and a creator, each as it stands. */
export function permissionsBetween(
  db: Kysely<ConsentTables>,
  ownerIds: readonly string[],
  creatorId: string,
): Promise<PermissionRow[]> {
  return latest(db).where('owner.subject_id', 'in', ownerIds).where('creator.subject_id', '=', creatorId).execute();
}

/** One permission as it stands; undefined when there is none. */
export function findPermission(db: Kysely<ConsentTables>, id: string): Promise<PermissionRow | undefined> {
  return latest(db).where('event.permission_id', '=', id).executeTakeFirst();
}

/** Permissions of a user, as owner or creator, newest first, one more than the page holds. */
export function permissionsOf(db: Database<ConsentTables>, userId: string, page: Page): Promise<PermissionRow[]> {
  let query = latest(db).where((either) =>
    either.or([either('owner.subject_id', '=', userId), either('creator.subject_id', '=', userId)]),
  );
  if (page.last !== undefined) query = query.where('event.permission_id', '<', page.last);
  return db
    .selectFrom(query.as('permission'))
    .selectAll()
    .orderBy('permission_id', 'desc')
    .limit(page.limit + 1)
    .execute();
}

// The latest event of each permission. Whoever is not known any more has none.
function latest(db: Kysely<ConsentTables>) {
  return db
    .selectFrom('artwork_permission_events as event')
    .innerJoin('principals as owner', (join) =>
      join
        .onRef('owner.principal_id', '=', 'event.owner_principal_id')
        .on('owner.subject_kind', '=', sql.lit('self' as const)),
    )
    .innerJoin('principals as creator', (join) =>
      join
        .onRef('creator.principal_id', '=', 'event.creator_principal_id')
        .on('creator.subject_kind', '=', sql.lit('self' as const)),
    )
    .distinctOn('event.permission_id')
    .selectAll('event')
    .select(['owner.subject_id as owner_id', 'creator.subject_id as creator_id'])
    .orderBy('event.permission_id')
    .orderBy('event.seq', 'desc');
}
