import { artworkPrefix, resultsPrefix, workPrefix } from '@irisvue/storage';
import { sql, type Transaction } from 'kysely';
import type { ArtworkRow } from '../artwork-store.ts';
import type { JobRow } from '../change-job.ts';
import { distinctSubjects } from '../consents.ts';
import { insertJob, type SubjectRow } from '../job-store.ts';
import type { JobsDatabase } from '../schema.ts';
import { STEPS_OF_KIND } from '../steps.ts';
import { adoptObjects } from './adopt-objects.ts';
import { type Erased, type Eraser, eraseObjects, NOTHING, removeJobs } from './erase-unit.ts';
import { logJointWork } from './erasure-log.ts';
import { holderId } from './scope.ts';
import { holderOf, isAnyBlocked } from './tombstones.ts';

/** Irises that a work needs to be made (features U2, U3). */
const LEAST_IRISES = 2;

/** An iris in an artwork. */
interface Source extends SubjectRow {
  readonly position: number;
  readonly owner_id: string;
}

/**
 * Erases an artwork for the sake of one subject in it. One that was finished, whose creator stays and in which enough
 * irises of others are left is made anew without the subject, by a new job; any other is removed.
 */
export async function eraseArtwork(o: Eraser, subject: SubjectRow, artworkId: string): Promise<Erased> {
  const belonging = { artwork_id: artworkId };
  const known = await o.db.selectFrom('jobs').select(['id', 'user_id']).where('artwork_id', '=', artworkId).execute();
  const ofJobs = known.flatMap((job) => [resultsPrefix(job.user_id, job.id), workPrefix(job.user_id, job.id)]);
  await adoptObjects(o, belonging, [artworkPrefix(artworkId), ...ofJobs]);
  return await o.db.transaction().execute(async (trx) => {
    const artwork = await trx
      .selectFrom('artworks')
      .selectAll()
      .where('id', '=', artworkId)
      .forUpdate()
      .executeTakeFirst();
    const sources = await sourcesOf(trx, artworkId);
    const shown = sources.filter((source) => goesWith(subject, source));
    // Another erasure may have dealt with it since it was found.
    if (artwork === undefined || (shown.length === 0 && artwork.creator_id !== holderId(subject))) return NOTHING;
    const jobs = await trx.selectFrom('jobs').selectAll().where('artwork_id', '=', artworkId).forUpdate().execute();
    const objects = await eraseObjects(trx, o, belonging);
    const removed = await removeJobs(
      trx,
      jobs.map((job) => job.id),
    );
    const staying = await stayingSources(trx, subject, artwork, sources);
    const remade = staying.length >= LEAST_IRISES;
    const rows = removed + (remade ? await makeAnew(trx, artwork, jobs, staying) : await removeArtwork(trx, artworkId));
    const others = othersIn(subject, artwork, sources);
    if (others.length === 0 || artwork.deleted_at !== null) return { objects, rows, jointWorks: [] };
    const work = await logJointWork(trx, {
      erasure_id: o.erasureId,
      artwork_id: artworkId,
      outcome: remade ? 'remade' : 'deleted',
      other_user_ids: others,
    });
    return { objects, rows, jointWorks: [work] };
  });
}

async function sourcesOf(trx: Transaction<JobsDatabase>, artworkId: string): Promise<Source[]> {
  return await trx
    .selectFrom('artwork_sources')
    .innerJoin('photos', 'photos.id', 'artwork_sources.photo_id')
    .select(['position', 'owner_id', 'subject_id', 'subject_kind'])
    .where('artwork_id', '=', artworkId)
    .orderBy('position')
    .execute();
}

function goesWith(subject: SubjectRow, source: Source): boolean {
  const { subject_id, subject_kind } = subject;
  const shows = source.subject_id === subject_id && source.subject_kind === subject_kind;
  return shows || source.owner_id === holderId(subject);
}

/** The irises that a work made anew is made of; none when there is to be no such work. */
async function stayingSources(
  trx: Transaction<JobsDatabase>,
  subject: SubjectRow,
  artwork: ArtworkRow,
  sources: readonly Source[],
): Promise<Source[]> {
  if (artwork.deleted_at !== null || artwork.completed_at === null) return [];
  if (await isAnyBlocked(trx, [holderOf(artwork.creator_id)])) return [];
  const staying: Source[] = [];
  for (const source of sources) {
    const blocked = await isAnyBlocked(trx, [source, holderOf(source.owner_id)]);
    if (!blocked && !goesWith(subject, source)) staying.push(source);
  }
  return staying;
}

/** Submits the job that makes the work of the irises that stay. Gives how many rows went. */
async function makeAnew(
  trx: Transaction<JobsDatabase>,
  artwork: ArtworkRow,
  jobs: readonly JobRow[],
  staying: readonly Source[],
): Promise<number> {
  const positions = staying.map((source) => source.position);
  const gone = await trx
    .deleteFrom('artwork_sources')
    .where('artwork_id', '=', artwork.id)
    .where('position', 'not in', positions)
    .executeTakeFirst();
  // Ascending, and each into a place that is free by then.
  for (const [position, source] of staying.entries()) {
    await trx
      .updateTable('artwork_sources')
      .set({ position })
      .where('artwork_id', '=', artwork.id)
      .where('position', '=', source.position)
      .execute();
  }
  await trx
    .updateTable('artworks')
    .set({ completed_at: null, method: null, thumbnail: null, link_epoch: sql`link_epoch + 1` })
    .where('id', '=', artwork.id)
    .execute();
  const before = jobs[0]!;
  const { user_id, kind, job_class, priority } = before;
  const job = { user_id, kind, job_class, priority, artwork_id: artwork.id, next_step: STEPS_OF_KIND[kind][0]! };
  const id = await insertJob(trx, job, distinctSubjects(staying), { byService: 'jobs' });
  // Keys are named by attempts: a late writer of the work as it was must not write where the new one lies.
  const attempt = Math.max(...jobs.map((earlier) => earlier.attempt));
  await trx.updateTable('jobs').set({ attempt }).where('id', '=', id).execute();
  return Number(gone.numDeletedRows);
}

async function removeArtwork(trx: Transaction<JobsDatabase>, id: string): Promise<number> {
  const sources = await trx.deleteFrom('artwork_sources').where('artwork_id', '=', id).executeTakeFirst();
  const artworks = await trx.deleteFrom('artworks').where('id', '=', id).executeTakeFirst();
  return Number(sources.numDeletedRows + artworks.numDeletedRows);
}

/** Users who made the work or are in it, the subject aside. */
function othersIn(subject: SubjectRow, artwork: ArtworkRow, sources: readonly Source[]): string[] {
  const users = sources.flatMap((source) => [source.owner_id, holderId(source) ?? source.owner_id]);
  const others = new Set([artwork.creator_id, ...users]);
  others.delete(subject.subject_id);
  return [...others].sort();
}
