import { create } from '@bufbuild/protobuf';
import { timestampFromDate } from '@bufbuild/protobuf/wkt';
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

/**
 * The best picture of a photo (features U4): its latest result, else, for a composition only, the original. Throws
 * SOURCE_NOT_PROCESSED {photo_id} for a fusion of a photo without a result.
 */
export function bestPicture(kind: JobKindName, photo: PhotoRow, results: readonly BestResult[]) {
  const best = results.find((result) => result.photo_id === photo.id);
  const owned = { photo_id: photo.id, owner_id: photo.user_id };
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

/** An artwork as its creator sees it. `sources` and `steps` may hold those of others too. */
export function artworkMessage(
  row: ArtworkRow,
  job: JobRow,
  o: {
    readonly sources: readonly ArtworkSourceRow[];
    readonly steps: readonly StepRow[];
    readonly links?: { readonly resultUrl: string; readonly thumbnailUrl: string };
  },
): Artwork {
  return create(ArtworkSchema, {
    id: row.id,
    creatorId: row.creator_id,
    photoIds: o.sources.filter((source) => source.artwork_id === row.id).map((source) => source.photo_id),
    spec: specMessage(row, job.kind),
    job: jobMessage(job, o.steps),
    method: row.method ?? '',
    ...o.links,
    createTime: timestampFromDate(row.created_at),
    completeTime: row.completed_at ? timestampFromDate(row.completed_at) : undefined,
  });
}

function specMessage(row: ArtworkRow, kind: JobKindName): Artwork['spec'] {
  return kind === 'compose'
    ? { case: 'composition', value: fromColumn(CompositionSpecSchema, row.spec)! }
    : { case: 'fusion', value: fromColumn(FusionSpecSchema, row.spec)! };
}
