import { outboxTable } from '@irisvue/events';
import { type Kysely, sql } from 'kysely';

export async function up(db: Kysely<unknown>): Promise<void> {
  await outboxTable(db);
  // A tombstone outlives the account, so it names it by a digest only.
  await sql`
    CREATE TABLE tombstones (
      subject_sha256 text PRIMARY KEY CHECK (subject_sha256 ~ '^[0-9a-f]{64}$'),
      erasure_id uuid NOT NULL,
      blocked_at timestamptz NOT NULL
    )`.execute(db);
}
