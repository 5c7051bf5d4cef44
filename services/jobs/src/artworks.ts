import { create } from '@bufbuild/protobuf';
import { timestampFromDate } from '@bufbuild/protobuf/wkt';
import { ArtworkPurpose } from '@irisvue/contracts/irisvue/consent/v1/artwork_permission';
import {
  type Artwork,
  ArtworkSchema,
  CompositionSpecSchema,
  type CreateArtworkRequest,
  FusionSpecSchema,
} from '@irisvue/contracts/irisvue/jobs/v1/artwork_service';
import { IrisGeometrySchema, ObjectRefSchema } from '@irisvue/contracts/irisvue/media/v1/media';
import { DomainError, ErrorReason } from '@irisvue/runtime';
import type { ArtworkRow, ArtworkSourceRow, bestResults } from './artwork-store.ts';
import type { JobRow } from './change-job.ts';
import { type ArtworkUse, permissionHolder } from './consents.ts';
import { jobMessage } from './job-message.ts';
import type { StepRow } from './job-store.ts';
import { fromColumn, toColumn } from './message-column.ts';
import type { PhotoRow } from './photo-store.ts';
import type { JobKindName } from './schema.ts';

type BestResult = Awaited<ReturnType<typeof bestResults>>[number];

/** The kind of job that makes what was asked for, and what was asked for as the table keeps it. */
export function artworkWish(spec: CreateArtworkRequest['spec']): { readonly kind: JobKindName; readonly spec: string } {
  switch (spec.case) {
    case 'fusion':
      return { kind: 'fuse', spec: toColumn(FusionSpecSchema, spec.value) };
    case 'composition':
      return { kind: 'compose', spec: toColumn(CompositionSpecSchema, spec.value) };
    case undefined:
      throw new DomainError(ErrorReason.INVALID_FIELD, 'spec is missing', { field: 'spec', limit: 'required' });
    default:
      return spec satisfies never;
  }
}

/** The use of an iris that a kind of artwork is, as permissions name it. */
export function artworkPurposeOf(kind: JobKindName): ArtworkPurpose {
  return kind === 'fuse' ? ArtworkPurpose.FUSION : ArtworkPurpose.COMPOSITION;
}

/** The use of photos that an artwork is, in the circle that it is shared with. */
export function useIn(
  artwork: Pick<ArtworkRow, 'id' | 'creator_id' | 'circle_id'>,
  kind: JobKindName,
  sources: readonly ArtworkSourceRow[],
): ArtworkUse {
  return {
    creatorId: artwork.creator_id,
    photos: sources.map((source) => ({ photoId: source.photo_id, ownerId: source.owner_id })),
    purpose: artworkPurposeOf(kind),
    circleId: artwork.circle_id ?? undefined,
    artworkId: artwork.id,
  };
}

/**
 * The best picture of a photo (features U4): its latest result, else, for a composition only, the original. Throws
 * SOURCE_NOT_PROCESSED {photo_id} for a fusion of a photo without a result.
 */
export function bestPicture(kind: JobKindName, photo: PhotoRow, results: readonly BestResult[]) {
  const best = results.find((result) => result.photo_id === photo.id);
  const owned = { photo_id: photo.id, owner_id: permissionHolder(photo) };
  if (best?.result && best.result_geometry) {
    return { ...owned, picture: JSON.stringify(best.result), geometry: JSON.stringify(best.result_geometry) };
  }
  if (kind === 'fuse') {
    const metadata = { photo_id: photo.id };
    throw new DomainError(ErrorReason.SOURCE_NOT_PROCESSED, 'a photo has no finished result', metadata);
  }
  const original = create(ObjectRefSchema, {
    key: photo.object_key,
    sha256: photo.sha256,
    sizeBytes: BigInt(photo.size_bytes),
    contentType: photo.content_type,
  });
  return { ...owned, picture: toColumn(ObjectRefSchema, original), geometry: null };
}

/** A source as fusion takes it. */
export function sourceMessage(row: ArtworkSourceRow) {
  return {
    picture: fromColumn(ObjectRefSchema, row.picture),
    geometry: fromColumn(IrisGeometrySchema, row.geometry),
  };
}

/**
 * An artwork as `viewerId` sees it: its photos and its job are told to its creator only. `sources` and `steps` may hold
 * those of others too.
 */
export function artworkMessage(
  row: ArtworkRow,
  job: JobRow,
  o: {
    readonly viewerId: string;
    readonly sources: readonly ArtworkSourceRow[];
    readonly steps: readonly StepRow[];
    readonly links?: { readonly resultUrl: string; readonly thumbnailUrl: string };
  },
): Artwork {
  const own = o.viewerId === row.creator_id;
  const sources = own ? o.sources.filter((source) => source.artwork_id === row.id) : [];
  return create(ArtworkSchema, {
    id: row.id,
    creatorId: row.creator_id,
    photoIds: sources.map((source) => source.photo_id),
    spec: specMessage(row, job.kind),
    job: own ? jobMessage(job, o.steps) : undefined,
    method: row.method ?? '',
    ...o.links,
    createTime: timestampFromDate(row.created_at),
    completeTime: row.completed_at ? timestampFromDate(row.completed_at) : undefined,
    circleId: row.circle_id ?? '',
    shareTime: row.shared_at ? timestampFromDate(row.shared_at) : undefined,
  });
}

function specMessage(row: ArtworkRow, kind: JobKindName): Artwork['spec'] {
  return kind === 'compose'
    ? { case: 'composition', value: fromColumn(CompositionSpecSchema, row.spec)! }
    : { case: 'fusion', value: fromColumn(FusionSpecSchema, row.spec)! };
}
