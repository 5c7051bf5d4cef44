import type { HandlerContext, ServiceImpl } from '@connectrpc/connect';
import { ConsentPurpose } from '@irisvue/contracts/irisvue/consent/v1/consent_service';
import {
  ArtworkService,
  type CreateArtworkRequest,
  type RevokeLinksRequest,
} from '@irisvue/contracts/irisvue/jobs/v1/artwork_service';
import { cutPage, type Database, newId, once, readPage, requestKey } from '@irisvue/database';
import { type Clock, currentTraceHeaders, DomainError, ErrorReason, requireUser } from '@irisvue/runtime';
import type { Transaction } from 'kysely';
import { artworkMessages, type WithLinks } from './artwork-messages.ts';
import { type ArtworkRow, bestResults, insertArtwork, jobsOfArtworks, listArtworks } from './artwork-store.ts';
import { artworkPurposeOf, artworkWish, bestPicture } from './artworks.ts';
import { auditLink } from './audited.ts';
import { type CircleClient, membershipsFor, requireMembership, type Shared } from './circles.ts';
import {
  type ConsentClient,
  distinctSubjects,
  permissionHolder,
  requireArtworkPermission,
  requireConsent,
} from './consents.ts';
import { listGallery, sharedColumns } from './gallery-store.ts';
import { insertJob, subjectsOfJob } from './job-store.ts';
import { revokeLinks } from './link-store.ts';
import type { Links } from './links.ts';
import { findPhotos, lockPhotos } from './photo-store.ts';
import { requireUploaded } from './photos.ts';
import { ownArtwork, readableArtwork } from './readable-artwork.ts';
import { JobClassRank, type JobsDatabase } from './schema.ts';
import { shareArtwork, unshareArtwork } from './share-artwork.ts';
import { STEPS_OF_KIND } from './steps.ts';

/** Artworks have no batch: all are equally urgent within their class. */
const ARTWORK_PRIORITY = 5;

export interface ArtworkServiceOptions {
  readonly db: Database<JobsDatabase>;
  readonly consent: ConsentClient;
  readonly circles: CircleClient;
  readonly links: Links;
  readonly clock: Clock;
}

/** The RPC door of artworks. */
export function artworkService(o: ArtworkServiceOptions): ServiceImpl<typeof ArtworkService> {
  const messages = artworkMessages(o.db, o.links);
  const told = async (row: ArtworkRow, context: HandlerContext, links?: WithLinks) => ({
    artwork: (await messages([row], requireUser(context).userId, links))[0],
  });
  return {
    createArtwork: async (request, context) => told(await createArtwork(o, request, context), context),
    getArtwork: async (request, context) => {
      const { userId } = requireUser(context);
      const row = await readableArtwork(o, request.artworkId, userId, context.signal);
      const answer = await told(row, context, 'all links');
      if (answer.artwork?.resultUrl) await auditArtworkLinks(o.db, userId, row.id);
      return answer;
    },
    listArtworks: async (request, context) => {
      const { userId } = requireUser(context);
      const page = readPage(request);
      if (request.circleId !== '') {
        const memberships = await membershipsFor(o.circles, request.circleId, userId, context.signal);
        const rows = await listGallery(o.db, request.circleId, memberships, page);
        const { shown, nextPageToken } = cutPage(rows, page, (row) => row.share_id);
        const artworks = await messages(shown, userId, 'thumbnail');
        const linked = artworks.filter(({ thumbnailUrl }) => thumbnailUrl !== '');
        await auditArtworkLinks(o.db, userId, ...linked.map(({ id }) => id));
        return { artworks, nextPageToken };
      }
      const { shown, nextPageToken } = cutPage(await listArtworks(o.db, userId, page), page);
      return { artworks: await messages(shown, userId), nextPageToken };
    },
    shareArtwork: async (request, context) => told(await shareArtwork(o, request, context), context),
    unshareArtwork: async (request, context) => told(await unshareArtwork(o, request, context), context),
    revokeLinks: (request, context) => revoke(o, request, context),
  };
}

// The jobs are looked up: an answer to a member of the circle does not name them.
async function auditArtworkLinks(
  db: Database<JobsDatabase>,
  userId: string,
  ...artworkIds: readonly string[]
): Promise<void> {
  if (artworkIds.length === 0) return;
  await db.transaction().execute(async (trx) => {
    for (const { id, artwork_id } of await jobsOfArtworks(trx, artworkIds)) {
      const subjects = await subjectsOfJob(trx, id);
      await auditLink(trx, 'made', { userId, subjects, resources: { artwork: artwork_id! } });
    }
  });
}

async function createArtwork(
  o: ArtworkServiceOptions,
  request: CreateArtworkRequest,
  context: HandlerContext,
): Promise<ArtworkRow> {
  const { userId } = requireUser(context);
  const ids = request.photoIds;
  const photos = requireUploaded(ids, await findPhotos(o.db, ids));
  const { circleId } = request;
  const shared = circleId ? await requireMembership(o.circles, circleId, userId, context.signal) : undefined;
  const use = {
    creatorId: userId,
    photos: photos.map((photo) => ({ photoId: photo.id, ownerId: permissionHolder(photo) })),
    purpose: artworkPurposeOf(artworkWish(request.spec).kind),
    circleId,
  };
  await requireArtworkPermission(o.consent, use, context.signal);
  await requireConsent(o.consent, photos, ConsentPurpose.DATA_PROCESSING, context.signal);
  const { id } = await o.db
    .transaction()
    .execute((trx) =>
      once(trx, requestKey(userId, ArtworkService.method.createArtwork, request), () =>
        insertWithJob(trx, o.clock, userId, request, shared),
      ),
    );
  return await ownArtwork(o.db, id, userId);
}

async function insertWithJob(
  trx: Transaction<JobsDatabase>,
  clock: Clock,
  userId: string,
  request: CreateArtworkRequest,
  shared: Shared | undefined,
): Promise<string> {
  const photos = requireUploaded(request.photoIds, await lockPhotos(trx, request.photoIds));
  const results = await bestResults(trx, request.photoIds);
  const { kind, spec } = artworkWish(request.spec);
  const sources = photos.map((photo) => bestPicture(kind, photo, results));
  const id = newId();
  const now = clock.now();
  const gallery = shared && sharedColumns(shared, now);
  await insertArtwork(trx, { id, creator_id: userId, spec, created_at: now, ...gallery }, sources);
  const job = {
    user_id: userId,
    kind,
    artwork_id: id,
    next_step: STEPS_OF_KIND[kind][0]!,
    job_class: JobClassRank.default,
    priority: ARTWORK_PRIORITY,
    traceparent: currentTraceHeaders()['traceparent'] ?? null,
  };
  await insertJob(trx, job, distinctSubjects(photos));
  return id;
}

async function revoke(o: ArtworkServiceOptions, request: RevokeLinksRequest, context: HandlerContext) {
  const { userId } = requireUser(context);
  const of = request.resource;
  if (of.case === undefined) {
    throw new DomainError(ErrorReason.INVALID_FIELD, 'resource is missing', { field: 'resource', limit: 'required' });
  }
  await o.db.transaction().execute((trx) =>
    once(trx, requestKey(userId, ArtworkService.method.revokeLinks, request), async () => {
      if (await revokeLinks(trx, userId, of)) return of.value;
      const resource = of.case.replace('Id', '');
      throw new DomainError(ErrorReason.NOT_FOUND, `there is no such ${resource}`, { resource, id: of.value });
    }),
  );
  return {};
}
