import type { HandlerContext } from '@connectrpc/connect';
import {
  ArtworkService,
  type ShareArtworkRequest,
  type UnshareArtworkRequest,
} from '@irisvue/contracts/irisvue/jobs/v1/artwork_service';
import { once, requestKey } from '@irisvue/database';
import { requireUser } from '@irisvue/runtime';
import type { ArtworkServiceOptions } from './artwork-service.ts';
import { type ArtworkRow, jobsOfArtworks, sourcesOfArtworks } from './artwork-store.ts';
import { useIn } from './artworks.ts';
import { requireMembership } from './circles.ts';
import { requireArtworkPermission } from './consents.ts';
import { moveArtwork, sharedColumns } from './gallery-store.ts';
import { noSuchArtwork, ownArtwork } from './readable-artwork.ts';

const { method } = ArtworkService;

/**
 * Puts an artwork of the caller into a gallery. NOT_FOUND {resource: artwork or circle}; CONSENT_REQUIRED when somebody
 * whose photo it shows has not permitted that circle.
 */
export async function shareArtwork(
  o: ArtworkServiceOptions,
  request: ShareArtworkRequest,
  context: HandlerContext,
): Promise<ArtworkRow> {
  const { userId } = requireUser(context);
  const { artworkId: id, circleId } = request;
  const artwork = await ownArtwork(o.db, id, userId);
  const shared = await requireMembership(o.circles, circleId, userId, context.signal);
  const [sources, [job]] = await Promise.all([sourcesOfArtworks(o.db, [id]), jobsOfArtworks(o.db, [id])]);
  const use = useIn({ ...artwork, circle_id: circleId }, job!.kind, sources);
  await requireArtworkPermission(o.consent, use, context.signal);
  await o.db.transaction().execute((trx) =>
    once(trx, requestKey(userId, method.shareArtwork, request), async () => {
      const moved = await moveArtwork(trx, { id, creatorId: userId }, sharedColumns(shared, o.clock.now()));
      if (!moved) throw noSuchArtwork(id);
      return id;
    }),
  );
  return await ownArtwork(o.db, id, userId);
}

/** Takes an artwork of the caller out of its gallery. NOT_FOUND {resource: artwork}. */
export async function unshareArtwork(
  o: ArtworkServiceOptions,
  request: UnshareArtworkRequest,
  context: HandlerContext,
): Promise<ArtworkRow> {
  const { userId } = requireUser(context);
  const id = request.artworkId;
  await o.db.transaction().execute((trx) =>
    once(trx, requestKey(userId, method.unshareArtwork, request), async () => {
      if (!(await moveArtwork(trx, { id, creatorId: userId }, undefined))) throw noSuchArtwork(id);
      return id;
    }),
  );
  return await ownArtwork(o.db, id, userId);
}
