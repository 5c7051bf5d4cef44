import { type Kysely, sql } from 'kysely';

/** A photo may show the eye of a minor, whose representative uploads it. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    ALTER TABLE photos
      DROP CONSTRAINT photos_subject_kind_check,
      ADD CONSTRAINT photos_subject_kind_check
        CHECK (subject_kind IN ('self', 'synthetic', 'evaluation', 'minor'))`.execute(db);
}
