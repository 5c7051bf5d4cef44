import { type Kysely, sql } from 'kysely';

/** Finds the photos of somebody's eyes that others uploaded; there are few of them. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    CREATE INDEX photos_by_others ON photos (subject_id, id DESC)
    WHERE deleted_at IS NULL AND subject_kind = 'self' AND subject_id <> user_id`.execute(db);
}
