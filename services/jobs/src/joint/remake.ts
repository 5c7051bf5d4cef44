import { sql, type Transaction } from 'kysely';
import type { ArtworkRow } from '../artwork-store.ts';
import type { JobRow } from '../change-job.ts';
import { distinctSubjects } from '../consents.ts';
import { insertJob, type SubjectRow } from '../job-store.ts';
import { holderId } from '../lineage/scope.ts';
import { holderOf, isAnyBlocked } from '../lineage/tombstones.ts';
import type { JobsDatabase } from '../schema.ts';
import { STEPS_OF_KIND } from '../steps.ts';

/** Irises that a work needs to be made (features U2, U3). */
const LEAST_IRISES = 2;

/** An iris in an artwork. */
export interface Source extends SubjectRow {
  readonly position: number;
  readonly photo_id: string;
  readonly owner_id: string;
}

/** The irises of an artwork, in order. */
export async function irisesOf(trx: Transaction<JobsDatabase>, artworkId: string): Promise<Source[]> {
  return await trx
    .selectFrom('artwork_sources')
    .innerJoin('photos', 'photos.id', 'artwork_sources.photo_id')
    .select(['position', 'photo_id', 'owner_id', 'subject_id', 'subject_kind'])
    .where('artwork_id', '=', artworkId)
    .orderBy('position')
    .execute();
}

/** Photos whose irises an artwork has to go without. */
export async function withdrawnFrom(trx: Transaction<JobsDatabase>, artworkId: string): Promise<ReadonlySet<string>> {
  const rows = await trx
    .selectFrom('withdrawn_sources')
    .select('photo_id')
    .where('artwork_id', '=', artworkId)
    .execute();
  return new Set(rows.map((row) => row.photo_id));
}

/**
 * Makes an artwork anew without the irises that `goes` names, whose objects and jobs are removed already; removes it
 * when it was never finished, too few irises are left, or its creator is being erased. Whoever is being erased goes as
 * well. Gives which of the two, and how many rows went.
 */
export async function goWithout(
  trx: Transaction<JobsDatabase>,
  artwork: ArtworkRow,
  jobs: readonly JobRow[],
  sources: readonly Source[],
  goes: (source: Source) => boolean,
): Promise<{ readonly outcome: 'deleted' | 'remade'; readonly rows: number }> {
  const staying = await stayingIrises(trx, artwork, sources, goes);
  return staying.length >= LEAST_IRISES
    ? { outcome: 'remade', rows: await makeAnew(trx, artwork, jobs, staying) }
    : { outcome: 'deleted', rows: await removeArtwork(trx, artwork.id) };
}

async function stayingIrises(
  trx: Transaction<JobsDatabase>,
  artwork: ArtworkRow,
  sources: readonly Source[],
  goes: (source: Source) => boolean,
): Promise<Source[]> {
  const finished = artwork.completed_at !== null || artwork.remade_at !== null;
  if (artwork.deleted_at !== null || !finished) return [];
  if (await isAnyBlocked(trx, [holderOf(artwork.creator_id)])) return [];
  const staying: Source[] = [];
  for (const source of sources) {
    const blocked = await isAnyBlocked(trx, [source, holderOf(source.owner_id)]);
    if (!blocked && !goes(source)) staying.push(source);
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
  const asked = await trx.deleteFrom('withdrawn_sources').where('artwork_id', '=', artwork.id).executeTakeFirst();
  // Ascending, and each into a place that is free by then.
  for (const [position, source] of staying.entries()) {
    await trx
      .updateTable('artwork_sources')
      .set({ position })
      .where('artwork_id', '=', artwork.id)
      .where('position', '=', source.position)
      .execute();
  }
  const afresh = { completed_at: null, method: null, thumbnail: null, remade_at: sql<Date>`now()` };
  await trx
    .updateTable('artworks')
    .set({ ...afresh, link_epoch: sql`link_epoch + 1` })
    .where('id', '=', artwork.id)
    .execute();
  const before = jobs[0]!;
  const { user_id, kind, job_class, priority } = before;
  const job = { user_id, kind, job_class, priority, artwork_id: artwork.id, next_step: STEPS_OF_KIND[kind][0]! };
  const id = await insertJob(trx, job, distinctSubjects(staying), { byService: 'jobs' });
  // Keys are named by attempts: a late writer of the work as it was must not write where the new one lies.
  const attempt = Math.max(...jobs.map((earlier) => earlier.attempt));
  await trx.updateTable('jobs').set({ attempt }).where('id', '=', id).execute();
  return Number(gone.numDeletedRows + asked.numDeletedRows);
}

async function removeArtwork(trx: Transaction<JobsDatabase>, id: string): Promise<number> {
  const asked = await trx.deleteFrom('withdrawn_sources').where('artwork_id', '=', id).executeTakeFirst();
  const sources = await trx.deleteFrom('artwork_sources').where('artwork_id', '=', id).executeTakeFirst();
  const artworks = await trx.deleteFrom('artworks').where('id', '=', id).executeTakeFirst();
  return Number(asked.numDeletedRows + sources.numDeletedRows + artworks.numDeletedRows);
}

/** Users who made the work or are in it. */
export function peopleIn(artwork: ArtworkRow, sources: readonly Source[]): Set<string> {
  return new Set([artwork.creator_id, ...sources.flatMap(peopleOf)]);
}

/** Whose iris it is: its owner, and the holder of an account whom it shows. */
export function peopleOf(source: Source): string[] {
  return [source.owner_id, holderId(source) ?? source.owner_id];
}
