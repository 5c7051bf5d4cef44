import { type Kysely, sql } from 'kysely';

/** The language of an account's mails. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`ALTER TABLE users ADD COLUMN language text NOT NULL DEFAULT 'en' CHECK (language IN ('en', 'de'))`.execute(
    db,
  );
}
