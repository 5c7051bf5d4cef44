import type { Database } from '@irisvue/database';
import { sql } from 'kysely';
import type { JobsDatabase } from '../schema.ts';
import { removeJobs } from './erase-unit.ts';

/** Rows that one round looks at; the next one goes on. */
const BATCH = 50;

/**
 * Removes the rows of photos and artworks that are deleted and whose objects the sweep is done with: what was deleted
 * leaves nothing behind, its lineage neither. Any number of replicas may do it at once. Gives how many went.
 */
export async function dissolveBuried(db: Database<JobsDatabase>): Promise<number> {
  const artworks = await db
    .selectFrom('artworks')
    .select('id')
    .where('deleted_at', 'is not', null)
    .where(({ not, exists, selectFrom }) =>
      not(exists(selectFrom('jobs').select('jobs.id').whereRef('artwork_id', '=', 'artworks.id').where(TO_SWEEP))),
    )
    .limit(BATCH)
    .execute();
  for (const { id } of artworks) await dissolve(db, 'artworks', id);
  const photos = await db
    .selectFrom('photos')
    .select('id')
    .where('deleted_at', 'is not', null)
    .where('sweep_at', 'is', null)
    .where(({ not, exists, selectFrom }) =>
      not(exists(selectFrom('jobs').select('jobs.id').whereRef('photo_id', '=', 'photos.id').where(TO_SWEEP))),
    )
    .where(({ not, exists, selectFrom }) =>
      not(exists(selectFrom('artwork_sources').select('position').whereRef('photo_id', '=', 'photos.id'))),
    )
    .limit(BATCH)
    .execute();
  for (const { id } of photos) await dissolve(db, 'photos', id);
  return artworks.length + photos.length;
}

/** Of a job: its objects are due, now or later. */
const TO_SWEEP = sql<boolean>`jobs.sweep_at IS NOT NULL`;

async function dissolve(db: Database<JobsDatabase>, table: 'artworks' | 'photos', id: string): Promise<void> {
  const column = table === 'artworks' ? 'artwork_id' : 'photo_id';
  await db.transaction().execute(async (trx) => {
    const row = await trx.selectFrom(table).select('id').where('id', '=', id).forUpdate().executeTakeFirst();
    if (row === undefined) return;
    const jobs = await trx.selectFrom('jobs').select('id').where(column, '=', id).execute();
    await trx.deleteFrom('artifacts').where(column, '=', id).execute();
    await removeJobs(
      trx,
      jobs.map((job) => job.id),
    );
    if (table === 'artworks') await trx.deleteFrom('artwork_sources').where('artwork_id', '=', id).execute();
    await trx.deleteFrom(table).where('id', '=', id).execute();
  });
}
