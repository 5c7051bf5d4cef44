import { artworkPrefix, resultsPrefix, workPrefix } from '@irisvue/storage';
import type { ArtworkRow } from '../artwork-store.ts';
import type { SubjectRow } from '../job-store.ts';
import { goWithout, irisesOf, peopleIn, type Source, withdrawnFrom } from '../joint/remake.ts';
import { adoptObjects } from './adopt-objects.ts';
import { type Erased, type Eraser, eraseObjects, NOTHING, removeJobs } from './erase-unit.ts';
import { logJointWork } from './erasure-log.ts';
import { holderId } from './scope.ts';

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
    const sources = await irisesOf(trx, artworkId);
    const shown = sources.filter((source) => goesWith(subject, source));
    // Another erasure may have dealt with it since it was found.
    if (artwork === undefined || (shown.length === 0 && artwork.creator_id !== holderId(subject))) return NOTHING;
    const jobs = await trx.selectFrom('jobs').selectAll().where('artwork_id', '=', artworkId).forUpdate().execute();
    const objects = await eraseObjects(trx, o, belonging);
    const removed = await removeJobs(
      trx,
      jobs.map((job) => job.id),
    );
    const withdrawn = await withdrawnFrom(trx, artworkId);
    const goes = (source: Source) => goesWith(subject, source) || withdrawn.has(source.photo_id);
    const { outcome, rows: ofWork } = await goWithout(trx, artwork, jobs, sources, goes);
    const rows = removed + ofWork;
    const others = othersIn(subject, artwork, sources);
    if (others.length === 0 || artwork.deleted_at !== null) return { objects, rows, jointWorks: [] };
    const work = await logJointWork(trx, {
      erasure_id: o.erasureId,
      artwork_id: artworkId,
      outcome,
      other_user_ids: others,
    });
    return { objects, rows, jointWorks: [work] };
  });
}

function goesWith(subject: SubjectRow, source: Source): boolean {
  const { subject_id, subject_kind } = subject;
  const shows = source.subject_id === subject_id && source.subject_kind === subject_kind;
  return shows || source.owner_id === holderId(subject);
}

/** Users who made the work or are in it, the subject aside. */
function othersIn(subject: SubjectRow, artwork: ArtworkRow, sources: readonly Source[]): string[] {
  const others = peopleIn(artwork, sources);
  others.delete(subject.subject_id);
  return [...others].sort();
}
