import type { Database } from '@irisvue/database';
import type { ArtworkRow } from '../artwork-store.ts';
import type { SubjectRow } from '../job-store.ts';
import type { JobsDatabase } from '../schema.ts';
import { holderOf, subjectDigest } from './tombstones.ts';

/**
 * Ids of the artworks that no link is handed out to any more: somebody in them, or their creator, is being erased, or an
 * iris in them was withdrawn and is still to go.
 */
export async function outOfReach(
  db: Database<JobsDatabase>,
  artworks: ReadonlyArray<Pick<ArtworkRow, 'id' | 'creator_id'>>,
): Promise<ReadonlySet<string>> {
  if (artworks.length === 0) return new Set();
  const ids = artworks.map((artwork) => artwork.id);
  const sources = await db
    .selectFrom('artwork_sources')
    .innerJoin('photos', 'photos.id', 'artwork_sources.photo_id')
    .select(['artwork_id', 'owner_id', 'subject_id', 'subject_kind'])
    .where('artwork_id', 'in', ids)
    .execute();
  const touched: Array<{ readonly artworkId: string; readonly subject: SubjectRow }> = [
    ...artworks.map(({ id, creator_id }) => ({ artworkId: id, subject: holderOf(creator_id) })),
    ...sources.flatMap((source) => [
      { artworkId: source.artwork_id, subject: source },
      { artworkId: source.artwork_id, subject: holderOf(source.owner_id) },
    ]),
  ];
  const digests = touched.map(({ subject }) => subjectDigest(subject));
  const rows = await db
    .selectFrom('blocked_subjects')
    .select('subject_sha256')
    .where('subject_sha256', 'in', digests)
    .execute();
  const blocked = new Set(rows.map((row) => row.subject_sha256.toString('hex')));
  const withdrawn = await db
    .selectFrom('withdrawn_sources')
    .select('artwork_id')
    .where('artwork_id', 'in', ids)
    .execute();
  return new Set([
    ...withdrawn.map((row) => row.artwork_id),
    ...touched.flatMap(({ artworkId }, index) => (blocked.has(digests[index]!.toString('hex')) ? [artworkId] : [])),
  ]);
}
