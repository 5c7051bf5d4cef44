import { type ExpressionBuilder, sql, type Transaction } from 'kysely';
import { cancelJobs } from '../change-job.ts';
import type { JobsDatabase } from '../schema.ts';

/** Of an artwork: it was finished, and somebody else's iris than its creator's is in it. */
export function isJoint(of: ExpressionBuilder<JobsDatabase, 'artworks'>) {
  const finished = of.or([of('artworks.completed_at', 'is not', null), of('artworks.remade_at', 'is not', null)]);
  const foreign = of.exists(
    of
      .selectFrom('artwork_sources')
      .select('position')
      .whereRef('artwork_sources.artwork_id', '=', 'artworks.id')
      .whereRef('artwork_sources.owner_id', '<>', 'artworks.creator_id'),
  );
  return of.and([of('artworks.deleted_at', 'is', null), finished, foreign]);
}

/**
 * Takes photos out of the works of several people that show them (CR-09), those of `only` or all: from the commit on the
 * works are out of reach and their links dead; settleWithdrawn makes them anew or removes them. Harmless to repeat.
 * Gives the ids of the works.
 */
export async function withdrawIrises(
  trx: Transaction<JobsDatabase>,
  photoIds: readonly string[],
  o: { readonly only?: readonly string[]; readonly reason?: string } = {},
): Promise<string[]> {
  if (photoIds.length === 0) return [];
  let query = trx
    .selectFrom('artworks')
    .select('artworks.id')
    .where(isJoint)
    .where('artworks.id', 'in', (of) =>
      of.selectFrom('artwork_sources').select('artwork_id').where('photo_id', 'in', photoIds),
    );
  if (o.only !== undefined) query = query.where('artworks.id', 'in', o.only);
  const ids = (await query.orderBy('artworks.id').forUpdate().execute()).map((artwork) => artwork.id);
  if (ids.length === 0) return [];
  await trx
    .insertInto('withdrawn_sources')
    .columns(['artwork_id', 'photo_id'])
    .expression((of) =>
      of
        .selectFrom('artwork_sources')
        .select(['artwork_id', 'photo_id'])
        .distinct()
        .where('artwork_id', 'in', ids)
        .where('photo_id', 'in', photoIds),
    )
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  await trx.updateTable('artworks').set({ link_epoch: sql`link_epoch + 1` }).where('id', 'in', ids).execute();
  await stopJobs(trx, ids, o.reason);
  return ids;
}

async function stopJobs(trx: Transaction<JobsDatabase>, artworkIds: readonly string[], reason?: string): Promise<void> {
  const jobs = await trx
    .selectFrom('jobs')
    .select('id')
    .where('artwork_id', 'in', artworkIds)
    .where('status', 'in', ['pending', 'processing'])
    .execute();
  const ids = jobs.map((job) => job.id);
  await cancelJobs(trx, ids, reason);
}
