import type { Database } from '@irisvue/database';
import { DomainError, ErrorReason } from '@irisvue/runtime';
import { type ArtworkRow, findArtwork } from './artwork-store.ts';
import { type CircleClient, isShownTo } from './circles.ts';
import { findSharedArtwork, sharedOf } from './gallery-store.ts';
import type { JobsDatabase } from './schema.ts';

/** An artwork of the caller's own. NOT_FOUND {resource: artwork}. */
export async function ownArtwork(db: Database<JobsDatabase>, id: string, userId: string): Promise<ArtworkRow> {
  const row = await findArtwork(db, id, userId);
  if (row === undefined) throw noSuchArtwork(id);
  return row;
}

/**
 * An artwork of the caller, or one that a gallery shows to the caller now. NOT_FOUND {resource: artwork};
 * DEPENDENCY_DOWN when it depends on identity, and that cannot be asked.
 */
export async function readableArtwork(
  o: { readonly db: Database<JobsDatabase>; readonly circles: CircleClient },
  id: string,
  userId: string,
  signal?: AbortSignal,
): Promise<ArtworkRow> {
  const own = await findArtwork(o.db, id, userId);
  if (own !== undefined) return own;
  const row = await findSharedArtwork(o.db, id);
  const shared = row && sharedOf(row);
  if (shared && (await isShownTo(o.circles, shared, userId, signal))) return row;
  throw noSuchArtwork(id);
}

/** NOT_FOUND: there is no such artwork, or none that the caller may see. */
export function noSuchArtwork(id: string): DomainError {
  return new DomainError(ErrorReason.NOT_FOUND, 'there is no such artwork', { resource: 'artwork', id });
}
