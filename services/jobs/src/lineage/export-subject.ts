import { type MessageInitShape, toJson } from '@bufbuild/protobuf';
import { JobSchema } from '@irisvue/contracts/irisvue/jobs/v1/job';
import { PhotoSchema } from '@irisvue/contracts/irisvue/jobs/v1/photo_service';
import { type ObjectRef, ObjectRefSchema } from '@irisvue/contracts/irisvue/media/v1/media';
import type { ExportSubjectResponseSchema } from '@irisvue/contracts/irisvue/privacy/v1/subject_data_service';
import type { Database } from '@irisvue/database';
import type { ArtworkRow, ArtworkSourceRow } from '../artwork-store.ts';
import { jobsOfArtworks, sourcesOfArtworks } from '../artwork-store.ts';
import type { JobRow } from '../change-job.ts';
import { jobMessage } from '../job-message.ts';
import { type SubjectRow, stepsOfJobs } from '../job-store.ts';
import { fromColumn } from '../message-column.ts';
import type { PhotoRow } from '../photo-store.ts';
import { photoMessage } from '../photos.ts';
import type { JobsDatabase } from '../schema.ts';
import { artworksOf, holderId, photosOf } from './scope.ts';

type Item = MessageInitShape<typeof ExportSubjectResponseSchema>;

/** Rows read at once. */
const PAGE = 50;
/** Works in one document: far below 1 MiB. */
const LEFT_OUT_PAGE = 1_000;
const LEFT_OUT_REASON = 'These works show the irises of other people too.';

/**
 * What the service holds about a subject, as items of an archive:
 *
 *     photos/{photo}.json, photos/{photo}.jpg           what was announced and measured; the bytes as they came
 *     jobs/{job}.json, jobs/{job}.jpg, …_mask.png       each job with its steps and their provenance; result and mask
 *     artworks/{artwork}.json, artworks/{artwork}.jpg   works that show nobody else
 *     artworks/left-out-1.json                          works that show others too, by id: their irises are not the subject's
 *     activity.json                                     when the holder of the account last called
 *
 * Nobody else's iris is in it: photos that a holder uploaded of other people are not, nor what was made of them.
 */
export async function* exportSubject(db: Database<JobsDatabase>, subject: SubjectRow): AsyncGenerator<Item> {
  const own = await ownPhotoIds(db, subject);
  for (const photoIds of pages(own)) {
    for (const photo of await db.selectFrom('photos').selectAll().where('id', 'in', photoIds).execute()) {
      yield* photoItems(photo);
    }
    const jobs = await db
      .selectFrom('jobs')
      .selectAll()
      .where('photo_id', 'in', photoIds)
      .where('deleted_at', 'is', null)
      .orderBy('id')
      .execute();
    for (const job of jobs) yield* jobItems(db, job);
  }
  yield* artworkItems(db, subject, new Set(own));
  yield* activityItem(db, holderId(subject));
}

async function* activityItem(db: Database<JobsDatabase>, userId: string | undefined): AsyncGenerator<Item> {
  if (userId === undefined) return;
  const row = await db.selectFrom('interactions').select('last_at').where('user_id', '=', userId).executeTakeFirst();
  if (row !== undefined) yield json('activity.json', { lastCallTime: row.last_at.toISOString() });
}

/** Photos of the subject's eyes; those of a holder's rendered samples, which show nobody, are among them. */
async function ownPhotoIds(db: Database<JobsDatabase>, subject: SubjectRow): Promise<string[]> {
  const rows = await photosOf(db, subject)
    .select('photos.id')
    .where('subject_id', '=', subject.subject_id)
    .where('deleted_at', 'is', null)
    .orderBy('photos.id')
    .execute();
  return rows.map((row) => row.id);
}

function* pages<T>(all: readonly T[], size = PAGE): Generator<T[]> {
  for (let at = 0; at < all.length; at += size) yield all.slice(at, at + size);
}

function* photoItems(photo: PhotoRow): Generator<Item> {
  yield json(`photos/${photo.id}.json`, toJson(PhotoSchema, photoMessage(photo)));
  if (photo.upload_status !== 'uploaded') return;
  yield object(`photos/${photo.id}.${extensionOf(photo.content_type)}`, photo.object_key);
}

async function* jobItems(db: Database<JobsDatabase>, job: JobRow): AsyncGenerator<Item> {
  yield json(`jobs/${job.id}.json`, toJson(JobSchema, jobMessage(job, await stepsOfJobs(db, [job.id]))));
  yield* picture(`jobs/${job.id}`, fromColumn(ObjectRefSchema, job.result));
  yield* picture(`jobs/${job.id}_mask`, fromColumn(ObjectRefSchema, job.mask));
}

async function* artworkItems(
  db: Database<JobsDatabase>,
  subject: SubjectRow,
  own: ReadonlySet<string>,
): AsyncGenerator<Item> {
  const leftOut: unknown[] = [];
  const ids = await artworksOf(db, subject).select('artworks.id').where('deleted_at', 'is', null).execute();
  for (const some of pages(ids.map((row) => row.id))) {
    const artworks = await db.selectFrom('artworks').selectAll().where('id', 'in', some).orderBy('id').execute();
    const sources = Map.groupBy(await sourcesOfArtworks(db, some), (source) => source.artwork_id);
    const jobs = new Map((await jobsOfArtworks(db, some)).map((job) => [job.artwork_id, job]));
    for (const artwork of artworks) {
      const shown = sources.get(artwork.id) ?? [];
      if (shown.some((source) => !own.has(source.photo_id)))
        leftOut.push(leftOutDocument(artwork, shown, subject, own));
      else yield* ownArtworkItems(db, artwork, shown, jobs.get(artwork.id));
    }
  }
  for (const [index, artworks] of [...pages(leftOut, LEFT_OUT_PAGE)].entries()) {
    yield json(`artworks/left-out-${index + 1}.json`, { reason: LEFT_OUT_REASON, artworks });
  }
}

async function* ownArtworkItems(
  db: Database<JobsDatabase>,
  artwork: ArtworkRow,
  sources: readonly ArtworkSourceRow[],
  job: JobRow | undefined,
): AsyncGenerator<Item> {
  const { id, spec, method, created_at, completed_at } = artwork;
  yield json(`artworks/${id}.json`, {
    id,
    createTime: created_at.toISOString(),
    completeTime: completed_at?.toISOString(),
    spec,
    method: method ?? undefined,
    photoIds: sources.map((source) => source.photo_id),
    job: job && toJson(JobSchema, jobMessage(job, await stepsOfJobs(db, [job.id]))),
  });
  yield* picture(`artworks/${id}`, fromColumn(ObjectRefSchema, job?.result ?? null));
  yield* picture(`artworks/${id}_thumb`, fromColumn(ObjectRefSchema, artwork.thumbnail));
}

function leftOutDocument(
  artwork: ArtworkRow,
  sources: readonly ArtworkSourceRow[],
  subject: SubjectRow,
  own: ReadonlySet<string>,
) {
  return {
    id: artwork.id,
    createTime: artwork.created_at.toISOString(),
    madeBySubject: artwork.creator_id === holderId(subject),
    photoIds: sources.map((source) => source.photo_id).filter((id) => own.has(id)),
  };
}

function* picture(path: string, ref: ObjectRef | undefined): Generator<Item> {
  if (ref !== undefined) yield object(`${path}.${extensionOf(ref.contentType)}`, ref.key);
}

function object(path: string, key: string): Item {
  return { path, content: { case: 'objectKey', value: key } };
}

function json(path: string, document: unknown): Item {
  return { path, content: { case: 'json', value: JSON.stringify(document, undefined, 2) } };
}

/** The usual extension of an image's media type. */
function extensionOf(contentType: string): string {
  const subtype = contentType.split('/')[1] ?? 'bin';
  return subtype === 'jpeg' ? 'jpg' : subtype;
}
