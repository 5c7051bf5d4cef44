import type { Artwork } from '@irisvue/contracts/irisvue/jobs/v1/artwork_service';
import type { Database } from '@irisvue/database';
import { type ArtworkRow, jobsOfArtworks, sourcesOfArtworks } from './artwork-store.ts';
import { artworkMessage } from './artworks.ts';
import { stepsOfJobs } from './job-store.ts';
import { outOfReach } from './lineage/out-of-reach.ts';
import type { Links } from './links.ts';
import type { JobsDatabase } from './schema.ts';

/** Which links an answer carries. */
export type WithLinks = 'no links' | 'thumbnail' | 'all links';

/** Tells artworks to somebody who may see them. */
export type ArtworkMessages = (rows: readonly ArtworkRow[], viewerId: string, links?: WithLinks) => Promise<Artwork[]>;

/** Artworks as `viewerId` sees them, with links that are that viewer's own. */
export function artworkMessages(db: Database<JobsDatabase>, links: Links): ArtworkMessages {
  return async (rows, viewerId, withLinks = 'no links') => {
    const ids = rows.map((row) => row.id);
    const [sources, jobs] = await Promise.all([sourcesOfArtworks(db, ids), jobsOfArtworks(db, ids)]);
    const jobIds = jobs.map((job) => job.id);
    const steps = await stepsOfJobs(db, jobIds);
    const withoutLinks = withLinks === 'no links' ? undefined : await outOfReach(db, rows);
    return await Promise.all(
      rows.flatMap((row) => {
        const job = jobs.find((candidate) => candidate.artwork_id === row.id);
        if (job === undefined) return [];
        const wanted = withoutLinks?.has(row.id) ? 'no links' : withLinks;
        const message = async () =>
          artworkMessage(row, job, { viewerId, sources, steps, links: await linksOf(links, row, viewerId, wanted) });
        return [message()];
      }),
    );
  };
}

async function linksOf(links: Links, row: ArtworkRow, viewerId: string, wanted: WithLinks) {
  if (row.completed_at === null || wanted === 'no links') return { resultUrl: '', thumbnailUrl: '' };
  const target = { resource: 'artwork', id: row.id, user: viewerId, epoch: row.link_epoch } as const;
  return {
    resultUrl: wanted === 'all links' ? await links.url({ ...target, artifact: 'result' }) : '',
    thumbnailUrl: await links.url({ ...target, artifact: 'thumbnail' }),
  };
}
