import { type Kysely, sql } from 'kysely';

/** Since when a job waits for something that is down: an outage is bounded by time, and counts no attempt. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`ALTER TABLE jobs ADD COLUMN out_since timestamptz`.execute(db);
}
