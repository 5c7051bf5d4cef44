import { type Database, newId, type Page } from '@irisvue/database';
import type { Transaction } from 'kysely';
import type { ArtworkRow } from './artwork-store.ts';
import type { Shared } from './circles.ts';
import type { JobsDatabase } from './schema.ts';

/** The columns of an artwork that say where it is shared. A UUIDv7 names each sharing, so that the last comes first. */
export function sharedColumns(shared: Shared, now: Date) {
  return { circle_id: shared.circleId, membership_id: shared.membershipId, share_id: newId(), shared_at: now };
}

/** Where an artwork is shared; undefined when it is not. */
export function sharedOf(row: Pick<ArtworkRow, 'circle_id' | 'membership_id'>): Shared | undefined {
  if (row.circle_id === null || row.membership_id === null) return undefined;
  return { circleId: row.circle_id, membershipId: row.membership_id };
}

/** Shares an artwork, or takes it out of its gallery. False: there is no such artwork of this creator. */
export async function moveArtwork(
  trx: Transaction<JobsDatabase>,
  artwork: { readonly id: string; readonly creatorId: string },
  to: ReturnType<typeof sharedColumns> | undefined,
): Promise<boolean> {
  const { numUpdatedRows } = await trx
    .updateTable('artworks')
    .set(to ?? { circle_id: null, membership_id: null, share_id: null, shared_at: null })
    .where('id', '=', artwork.id)
    .where('creator_id', '=', artwork.creatorId)
    .where('deleted_at', 'is', null)
    .executeTakeFirst();
  return numUpdatedRows > 0n;
}

/** A completed artwork that is shared with some circle, whoever made it; undefined when there is none. */
export function findSharedArtwork(db: Database<JobsDatabase>, id: string): Promise<ArtworkRow | undefined> {
  return shownArtworks(db).where('id', '=', id).where('circle_id', 'is not', null).executeTakeFirst();
}

/**
 * The completed artworks that were shared with a circle by these memberships, last shared first, one more than the
 * page holds; the page begins behind a `share_id`.
 */
export function listGallery(
  db: Database<JobsDatabase>,
  circleId: string,
  membershipIds: readonly string[],
  page: Page,
): Promise<ArtworkRow[]> {
  let query = shownArtworks(db).where('circle_id', '=', circleId).where('membership_id', 'in', membershipIds);
  if (page.last !== undefined) query = query.where('share_id', '<', page.last);
  return query
    .orderBy('share_id', 'desc')
    .limit(page.limit + 1)
    .execute();
}

function shownArtworks(db: Database<JobsDatabase>) {
  return db.selectFrom('artworks').selectAll().where('deleted_at', 'is', null).where('completed_at', 'is not', null);
}
