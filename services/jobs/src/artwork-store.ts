import type { Database, Page } from '@irisvue/database';
import { type Insertable, type Selectable, sql, type Transaction } from 'kysely';
import type { JobRow } from './change-job.ts';
import type { ArtworkSourceTable, ArtworkTable, JobsDatabase } from './schema.ts';

export type ArtworkRow = Selectable<ArtworkTable>;
export type ArtworkSourceRow = Selectable<ArtworkSourceTable>;

/** Records an artwork and its sources. */
export async function insertArtwork(
  trx: Transaction<JobsDatabase>,
  artwork: Insertable<ArtworkTable>,
  sources: ReadonlyArray<Omit<Insertable<ArtworkSourceTable>, 'artwork_id' | 'position'>>,
): Promise<void> {
  await trx.insertInto('artworks').values(artwork).execute();
  await trx
    .insertInto('artwork_sources')
    .values(sources.map((source, position) => ({ artwork_id: artwork.id, position, ...source })))
    .execute();
}

/** One artwork of `creatorId`; undefined when there is none, it is deleted, or it is somebody else's. */
export function findArtwork(
  db: Database<JobsDatabase>,
  id: string,
  creatorId: string,
): Promise<ArtworkRow | undefined> {
  return db
    .selectFrom('artworks')
    .selectAll()
    .where('id', '=', id)
    .where('creator_id', '=', creatorId)
    .where('deleted_at', 'is', null)
    .executeTakeFirst();
}

/** A user's artworks, newest first, one more than the page holds. */
export function listArtworks(db: Database<JobsDatabase>, creatorId: string, page: Page): Promise<ArtworkRow[]> {
  let query = db.selectFrom('artworks').selectAll().where('creator_id', '=', creatorId).where('deleted_at', 'is', null);
  if (page.last !== undefined) query = query.where('id', '<', page.last);
  return query
    .orderBy('id', 'desc')
    .limit(page.limit + 1)
    .execute();
}

/** The sources of artworks, in order. */
export async function sourcesOfArtworks(
  db: Database<JobsDatabase>,
  artworkIds: readonly string[],
): Promise<ArtworkSourceRow[]> {
  if (artworkIds.length === 0) return [];
  return await db
    .selectFrom('artwork_sources')
    .selectAll()
    .where('artwork_id', 'in', artworkIds)
    .orderBy('artwork_id')
    .orderBy('position')
    .execute();
}

/** The jobs that make artworks. */
export async function jobsOfArtworks(db: Database<JobsDatabase>, artworkIds: readonly string[]): Promise<JobRow[]> {
  if (artworkIds.length === 0) return [];
  return await db.selectFrom('jobs').selectAll().where('artwork_id', 'in', artworkIds).execute();
}

/** The best result of each photo: of its latest completed job. Photos without one are left out. */
export async function bestResults(
  db: Database<JobsDatabase>,
  photoIds: readonly string[],
): Promise<Array<Pick<JobRow, 'photo_id' | 'result' | 'result_geometry'>>> {
  return await db
    .selectFrom('jobs')
    .distinctOn('photo_id')
    .select(['photo_id', 'result', 'result_geometry'])
    .where('photo_id', 'in', photoIds)
    .where('status', '=', 'completed')
    .where('deleted_at', 'is', null)
    .orderBy('photo_id')
    .orderBy('ended_at', 'desc')
    .execute();
}

/** Notes how an artwork was made. Called in the transaction that completes its job. */
export async function markMade(
  trx: Transaction<JobsDatabase>,
  id: string,
  made: { readonly method: string; readonly thumbnail: string },
): Promise<void> {
  await trx
    .updateTable('artworks')
    .set({ ...made, completed_at: sql`now()` })
    .where('id', '=', id)
    .where('deleted_at', 'is', null)
    .execute();
}
