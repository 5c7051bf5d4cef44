import { type Database, newId } from '@irisvue/database';
import { artworkPrefix, type ObjectStore, resultsPrefix, workPrefix } from '@irisvue/storage';
import type { Transaction } from 'kysely';
import { adoptObjects, keysOf } from '../lineage/adopt-objects.ts';
import { removeJobs } from '../lineage/erase-unit.ts';
import { holderOf, isAnyBlocked } from '../lineage/tombstones.ts';
import type { JobsDatabase } from '../schema.ts';
import { goWithout, irisesOf, peopleIn, peopleOf, withdrawnFrom } from './remake.ts';

/** Works that one round looks at; the next one goes on. */
const BATCH = 50;

export interface Settling {
  readonly db: Database<JobsDatabase>;
  readonly store: ObjectStore;
}

/**
 * Ends what withdrawIrises began: each work is made anew of the irises that stay, or removed; its objects go, and the
 * others are to be told. Each in one transaction, so that a crash leaves it to be done again. Any number of replicas may
 * settle at once. Gives how many works.
 */
export async function settleWithdrawn(o: Settling): Promise<number> {
  const works = await o.db
    .selectFrom('withdrawn_sources')
    .select('artwork_id')
    .distinct()
    .orderBy('artwork_id')
    .limit(BATCH)
    .execute();
  let settled = 0;
  for (const { artwork_id } of works) if (await settle(o, artwork_id)) settled += 1;
  return settled;
}

async function settle(o: Settling, artworkId: string): Promise<boolean> {
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
      .skipLocked()
      .executeTakeFirst();
    if (artwork === undefined) return false; // gone, or in another replica's hands
    const withdrawn = await withdrawnFrom(trx, artworkId);
    if (withdrawn.size === 0) return false; // settled meanwhile
    const sources = await irisesOf(trx, artworkId);
    // Somebody in it is being erased: that tells of its objects and the others itself.
    if (await isAnyBlocked(trx, [...sources, ...[...peopleIn(artwork, sources)].map(holderOf)])) return false;
    const jobs = await trx.selectFrom('jobs').selectAll().where('artwork_id', '=', artworkId).forUpdate().execute();
    const keys = await keysOf(trx, belonging);
    for (const key of keys) await o.store.delete(key);
    if (keys.length > 0) await trx.deleteFrom('artifacts').where('key', 'in', keys).execute();
    await removeJobs(
      trx,
      jobs.map((job) => job.id),
    );
    const goes = ({ photo_id }: { readonly photo_id: string }) => withdrawn.has(photo_id);
    await goWithout(trx, artwork, jobs, sources, goes);
    const others = peopleIn(artwork, sources);
    for (const source of sources.filter(goes)) for (const userId of peopleOf(source)) others.delete(userId);
    await noteToTell(trx, [...others].sort());
    return true;
  });
}

async function noteToTell(trx: Transaction<JobsDatabase>, userIds: readonly string[]): Promise<void> {
  if (userIds.length === 0) return;
  await trx
    .insertInto('joint_notices')
    .values(userIds.map((user_id) => ({ id: newId(), user_id })))
    .execute();
}
