import { type Kysely, sql } from 'kysely';

/** When each user last did something here: retention counts from it. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`CREATE TABLE interactions (user_id uuid PRIMARY KEY, last_at timestamptz NOT NULL)`.execute(db);
  await sql`
    INSERT INTO interactions (user_id, last_at)
    SELECT user_id, max(at) FROM (
      SELECT user_id, created_at AS at FROM photos
      UNION ALL SELECT user_id, created_at FROM jobs
    ) done GROUP BY user_id`.execute(db);
}
