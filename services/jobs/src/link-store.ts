import type { JsonObject } from '@bufbuild/protobuf';
import { type ObjectRef, ObjectRefSchema } from '@irisvue/contracts/irisvue/media/v1/media';
import type { Database } from '@irisvue/database';
import { sql, type Transaction } from 'kysely';
import type { Shared } from './circles.ts';
import type { OwnedPhoto } from './consents.ts';
import { permissionHolder } from './consents.ts';
import { sharedOf } from './gallery-store.ts';
import type { SubjectRow } from './job-store.ts';
import type { LinkTarget } from './links.ts';
import { fromColumn } from './message-column.ts';
import type { JobKindName, JobsDatabase } from './schema.ts';

/** What a link points at, as it stands now. */
export interface LinkedObject {
  readonly key: string;
  readonly contentType: string;
  readonly ownerId: string;
  readonly epoch: number;
  /** Whose eyes it shows. */
  readonly subjects: readonly SubjectRow[];
  /** The photos that it was made of. */
  readonly photos: readonly OwnedPhoto[];
  /** The artwork that it is a picture of; absent for a photo's own pictures. */
  readonly artwork?: { readonly id: string; readonly kind: JobKindName; readonly shared?: Shared };
}

/** Finds what a link points at; undefined when it is deleted, was never made, or an iris in it was withdrawn. */
export async function findLinkedObject(
  db: Database<JobsDatabase>,
  target: LinkTarget,
): Promise<LinkedObject | undefined> {
  return target.resource === 'job' ? await ofJob(db, target) : await ofArtwork(db, target);
}

async function ofJob(db: Database<JobsDatabase>, target: LinkTarget): Promise<LinkedObject | undefined> {
  const row = await db
    .selectFrom('jobs')
    .innerJoin('photos', 'photos.id', 'jobs.photo_id')
    .select(['jobs.user_id', 'jobs.link_epoch', 'jobs.result', 'jobs.mask'])
    .select(['photos.id as photo_id', 'photos.object_key', 'photos.content_type'])
    .select(['photos.subject_id', 'photos.subject_kind', 'photos.upload_status'])
    .where('jobs.id', '=', target.id)
    .where('jobs.deleted_at', 'is', null)
    .where('photos.deleted_at', 'is', null)
    .executeTakeFirst();
  if (row === undefined) return undefined;
  const object =
    target.artifact === 'original'
      ? { key: row.object_key, contentType: row.content_type }
      : picture({ result: row.result, mask: row.mask, thumbnail: null }[target.artifact]);
  const { subject_id, subject_kind } = row;
  return (
    object && {
      key: object.key,
      contentType: object.contentType,
      ownerId: row.user_id,
      epoch: row.link_epoch,
      subjects: [{ subject_id, subject_kind }],
      photos: [{ photoId: row.photo_id, ownerId: row.user_id }],
    }
  );
}

async function ofArtwork(db: Database<JobsDatabase>, target: LinkTarget): Promise<LinkedObject | undefined> {
  const row = await db
    .selectFrom('artworks')
    .innerJoin('jobs', 'jobs.artwork_id', 'artworks.id')
    .select(['artworks.creator_id', 'artworks.link_epoch', 'artworks.thumbnail', 'jobs.result', 'jobs.kind'])
    .select(['artworks.circle_id', 'artworks.membership_id'])
    .where('artworks.id', '=', target.id)
    .where('artworks.deleted_at', 'is', null)
    .where(({ not, exists, selectFrom }) =>
      not(exists(selectFrom('withdrawn_sources').select('photo_id').whereRef('artwork_id', '=', 'artworks.id'))),
    )
    .executeTakeFirst();
  if (row === undefined || target.artifact === 'original' || target.artifact === 'mask') return undefined;
  const object = picture({ result: row.result, thumbnail: row.thumbnail }[target.artifact]);
  const sources = await db
    .selectFrom('artwork_sources')
    .innerJoin('photos', 'photos.id', 'artwork_sources.photo_id')
    .select(['photos.id', 'photos.user_id', 'photos.subject_id', 'photos.subject_kind'])
    .where('artwork_id', '=', target.id)
    .execute();
  return (
    object && {
      key: object.key,
      contentType: object.contentType,
      ownerId: row.creator_id,
      epoch: row.link_epoch,
      subjects: sources,
      photos: sources.map((photo) => ({ photoId: photo.id, ownerId: permissionHolder(photo) })),
      artwork: { id: target.id, kind: row.kind, shared: sharedOf(row) },
    }
  );
}

function picture(column: JsonObject | null): ObjectRef | undefined {
  return fromColumn(ObjectRefSchema, column);
}

/** Whose links end. */
export type Revoked =
  | { readonly case: 'photoId'; readonly value: string }
  | { readonly case: 'jobId'; readonly value: string }
  | { readonly case: 'artworkId'; readonly value: string };

/** Ends the links handed out so far. False: there is no such photo, job or artwork of this user. */
export async function revokeLinks(trx: Transaction<JobsDatabase>, userId: string, of: Revoked): Promise<boolean> {
  const next = { link_epoch: sql<number>`link_epoch + 1` };
  const jobs = trx.updateTable('jobs').set(next).where('user_id', '=', userId).where('deleted_at', 'is', null);
  switch (of.case) {
    case 'photoId': {
      // A photo is linked to through its jobs only.
      const photo = await trx
        .selectFrom('photos')
        .select('id')
        .where('id', '=', of.value)
        .where('user_id', '=', userId)
        .where('deleted_at', 'is', null)
        .executeTakeFirst();
      await jobs.where('photo_id', '=', of.value).execute();
      return photo !== undefined;
    }
    case 'jobId':
      return (await jobs.where('id', '=', of.value).executeTakeFirst()).numUpdatedRows > 0n;
    case 'artworkId': {
      const artworks = trx.updateTable('artworks').set(next).where('creator_id', '=', userId);
      const ended = await artworks.where('id', '=', of.value).where('deleted_at', 'is', null).executeTakeFirst();
      return ended.numUpdatedRows > 0n;
    }
    default:
      return of satisfies never;
  }
}
