import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { MessageInitShape } from '@bufbuild/protobuf';
import { createClient } from '@connectrpc/connect';
import {
  type Artwork,
  ArtworkService,
  type CreateArtworkRequestSchema,
} from '@irisvue/contracts/irisvue/jobs/v1/artwork_service';
import { type Job, JobStatus } from '@irisvue/contracts/irisvue/jobs/v1/job';
import { v7 as uuidv7 } from 'uuid';
import type { Account } from './account.ts';
import { download } from './download.ts';
import { explainJob } from './process-photos.ts';
import type { ProgressBars } from './progress-bars.ts';
import { watchJobs } from './watch-jobs.ts';

type Spec = NonNullable<MessageInitShape<typeof CreateArtworkRequestSchema>['spec']>;

/**
 * Makes one artwork of processed photos and saves it as `dir/NAME.jpg` with its thumbnail `dir/thumbs/NAME_thumb.jpg`.
 * @throws Error with the reason when it ends without a picture.
 */
export async function makeArtwork(
  account: Account,
  o: { name: string; photoIds: string[]; spec: Spec; dir: string; bars: ProgressBars; signal?: AbortSignal },
): Promise<Artwork> {
  const artworks = createClient(ArtworkService, account.transport);
  const request = { requestId: uuidv7(), photoIds: o.photoIds, spec: o.spec };
  const { artwork } = await artworks.createArtwork(request, { signal: o.signal });
  if (!artwork?.job) throw new Error('the gateway answered without a job');

  let last: Job = artwork.job;
  for await (const job of watchJobs(account, [artwork.job.id], o.signal)) {
    o.bars.show(o.name, job);
    last = job;
  }
  if (last.status !== JobStatus.COMPLETED) throw new Error(explainJob(last));

  const { artwork: made } = await artworks.getArtwork({ artworkId: artwork.id }, { signal: o.signal });
  if (!made) throw new Error('the artwork is gone');
  await mkdir(join(o.dir, 'thumbs'), { recursive: true });
  await download(made.resultUrl, join(o.dir, `${o.name}.jpg`), o.signal);
  await download(made.thumbnailUrl, join(o.dir, 'thumbs', `${o.name}_thumb.jpg`), o.signal);
  return made;
}
