import type { HandlerContext, ServiceImpl } from '@connectrpc/connect';
import { ConsentPurpose } from '@irisvue/contracts/irisvue/consent/v1/consent_service';
import {
  type Artwork,
  ArtworkService,
  type CreateArtworkRequest,
  type RevokeLinksRequest,
} from '@irisvue/contracts/irisvue/jobs/v1/artwork_service';
import { type Database, newId, once, requestKey } from '@irisvue/database';
import { type Clock, currentTraceHeaders, DomainError, ErrorReason, requireUser } from '@irisvue/runtime';
import type { Transaction } from 'kysely';
import {
  type ArtworkRow,
  bestResults,
  findArtwork,
  insertArtwork,
  jobsOfArtworks,
  listArtworks,
  sourcesOfArtworks,
} from './artwork-store.ts';
import { artworkMessage, artworkWish, bestPicture } from './artworks.ts';
import { type ConsentClient, distinctSubjects, requireArtworkPermission, requireConsent } from './consents.ts';
import { insertJob, stepsOfJobs } from './job-store.ts';
import { revokeLinks } from './link-store.ts';
import type { Links } from './links.ts';
import { cutPage, readPage } from './pages.ts';
import { findPhotos, lockPhotos } from './photo-store.ts';
import { requireUploaded } from './photos.ts';
import { JobClassRank, type JobsDatabase } from './schema.ts';
import { STEPS_OF_KIND } from './steps.ts';

/** Artworks have no batch: all are equally urgent within their class. */
const ARTWORK_PRIORITY = 5;

export interface ArtworkServiceOptions {
  readonly db: Database<JobsDatabase>;
  readonly consent: ConsentClient;
  readonly links: Links;
  readonly clock: Clock;
}

/** The RPC door of artworks. */
export function artworkService(o: ArtworkServiceOptions): ServiceImpl<typeof ArtworkService> {
  return {
    createArtwork: (request, context) => createArtwork(o, request, context),
    getArtwork: async (request, context) => {
      const row = await artworkOf(o, request.artworkId, context);
      return { artwork: (await messages(o, [row], await linksOf(o.links, row)))[0] };
    },
    listArtworks: async (request, context) => {
      const page = readPage(request);
      const rows = await listArtworks(o.db, requireUser(context).userId, page);
      const { shown, nextPageToken } = cutPage(rows, page);
      return { artworks: await messages(o, shown), nextPageToken };
    },
    revokeLinks: (request, context) => revoke(o, request, context),
  };
}

async function artworkOf(o: ArtworkServiceOptions, id: string, context: HandlerContext): Promise<ArtworkRow> {
  const row = await findArtwork(o.db, id, requireUser(context).userId);
  if (row !== undefined) return row;
  throw new DomainError(ErrorReason.NOT_FOUND, 'there is no such artwork', { resource: 'artwork', id });
}

type ArtworkLinks = Pick<Artwork, 'resultUrl' | 'thumbnailUrl'>;

async function messages(o: ArtworkServiceOptions, rows: readonly ArtworkRow[], links?: ArtworkLinks) {
  const ids = rows.map((row) => row.id);
  const [sources, jobs] = await Promise.all([sourcesOfArtworks(o.db, ids), jobsOfArtworks(o.db, ids)]);
  const jobIds = jobs.map((job) => job.id);
  const steps = await stepsOfJobs(o.db, jobIds);
  return rows.flatMap((row) => {
    const job = jobs.find((candidate) => candidate.artwork_id === row.id);
    return job ? [artworkMessage(row, job, { sources, steps, links })] : [];
  });
}

async function linksOf(links: Links, row: ArtworkRow): Promise<ArtworkLinks> {
  if (row.completed_at === null) return { resultUrl: '', thumbnailUrl: '' };
  const target = { resource: 'artwork', id: row.id, user: row.creator_id, epoch: row.link_epoch } as const;
  return {
    resultUrl: await links.url({ ...target, artifact: 'result' }),
    thumbnailUrl: await links.url({ ...target, artifact: 'thumbnail' }),
  };
}

async function createArtwork(o: ArtworkServiceOptions, request: CreateArtworkRequest, context: HandlerContext) {
  const { userId } = requireUser(context);
  const ids = request.photoIds;
  const photos = requireUploaded(ids, await findPhotos(o.db, ids));
  const owned = photos.map((photo) => ({ photoId: photo.id, ownerId: photo.user_id }));
  await requireArtworkPermission(o.consent, userId, owned, context.signal);
  await requireConsent(o.consent, photos, ConsentPurpose.DATA_PROCESSING, context.signal);
  const { id } = await o.db
    .transaction()
    .execute((trx) =>
      once(trx, requestKey(userId, ArtworkService.method.createArtwork, request), () =>
        insertWithJob(trx, o.clock, userId, request),
      ),
    );
  return { artwork: (await messages(o, [await artworkOf(o, id, context)]))[0] };
}

async function insertWithJob(
  trx: Transaction<JobsDatabase>,
  clock: Clock,
  userId: string,
  request: CreateArtworkRequest,
): Promise<string> {
  const photos = requireUploaded(request.photoIds, await lockPhotos(trx, request.photoIds));
  const results = await bestResults(trx, request.photoIds);
  const { kind, spec } = artworkWish(request.spec);
  const sources = photos.map((photo) => bestPicture(kind, photo, results));
  const id = newId();
  await insertArtwork(trx, { id, creator_id: userId, spec, created_at: clock.now() }, sources);
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
