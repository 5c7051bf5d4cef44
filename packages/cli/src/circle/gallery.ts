import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type Client, createClient } from '@connectrpc/connect';
import { CircleService } from '@irisvue/contracts/irisvue/identity/v1/circle_service';
import { type Artwork, ArtworkService } from '@irisvue/contracts/irisvue/jobs/v1/artwork_service';
import { v7 as uuidv7 } from 'uuid';
import type { Account } from '../account.ts';
import { download } from '../download.ts';
import type { RunContext } from '../main.ts';
import { signedIn } from '../signed-in.ts';
import { findCircle } from './find-circle.ts';
import { minuteOf } from './minute.ts';

const pageSize = 50;

/** Shares an artwork; without an id, the newest one of the account. */
export function shareArtwork(run: RunContext, named: string, artworkId?: string): Promise<void> {
  return signedIn(run, async (account) => {
    const { circles, artworks } = clientsOf(account);
    const { id: circleId, name } = await findCircle(circles, named, run.signal);
    const id = artworkId ?? (await newestArtwork(artworks, run.signal));
    await artworks.shareArtwork({ requestId: uuidv7(), artworkId: id, circleId }, { signal: run.signal });
    console.log(`The members of "${name}" see ${id} now.`);
  });
}

export function unshareArtwork(run: RunContext, artworkId: string): Promise<void> {
  return signedIn(run, async (account) => {
    await clientsOf(account).artworks.unshareArtwork({ requestId: uuidv7(), artworkId }, { signal: run.signal });
    console.log('It is in no gallery any more; links that members hold are dead.');
  });
}

/** Lists the gallery of a circle, or the account's own artworks; with `out`, fetches the pictures as OUT/ID.jpg. */
export function showGallery(run: RunContext, named: string | undefined, out: string | undefined): Promise<void> {
  return signedIn(run, async (account) => {
    const { circles, artworks } = clientsOf(account);
    const circleId = named === undefined ? '' : (await findCircle(circles, named, run.signal)).id;
    if (out !== undefined) await mkdir(out, { recursive: true });
    let shown = 0;
    let pageToken = '';
    do {
      const page = await artworks.listArtworks({ circleId, pageSize, pageToken }, { signal: run.signal });
      for (const artwork of page.artworks) {
        console.log(artworkLine(artwork, account.userId));
        if (out !== undefined) await fetchPicture(artworks, artwork.id, out, run.signal);
      }
      shown += page.artworks.length;
      pageToken = page.nextPageToken;
    } while (pageToken !== '');
    if (shown === 0) console.log('There is no art yet.');
  });
}

function clientsOf({ transport }: Account) {
  return { circles: createClient(CircleService, transport), artworks: createClient(ArtworkService, transport) };
}

async function newestArtwork(artworks: Client<typeof ArtworkService>, signal: AbortSignal): Promise<string> {
  const [newest] = (await artworks.listArtworks({ pageSize: 1 }, { signal })).artworks;
  if (newest === undefined) throw new Error('you have no artwork yet; make one with: irisvue fuse or compose');
  return newest.id;
}

async function fetchPicture(
  artworks: Client<typeof ArtworkService>,
  artworkId: string,
  dir: string,
  signal: AbortSignal,
) {
  const { artwork } = await artworks.getArtwork({ artworkId }, { signal });
  if (artwork?.resultUrl) await download(artwork.resultUrl, join(dir, `${artworkId}.jpg`), signal);
}

function artworkLine(artwork: Artwork, userId: string): string {
  const creator = artwork.creatorId === userId ? 'you' : artwork.creatorId;
  const shared = artwork.circleId === '' ? 'not shared' : `shared ${minuteOf(artwork.shareTime)}`;
  return `${artwork.id}  ${artwork.spec.case}  by ${creator}  ${minuteOf(artwork.createTime)}  ${shared}`;
}
