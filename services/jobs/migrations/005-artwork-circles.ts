import { type Kysely, sql } from 'kysely';

export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    ALTER TABLE artworks
      ADD COLUMN circle_id uuid,
      ADD COLUMN membership_id uuid,
      ADD COLUMN share_id uuid,
      ADD COLUMN shared_at timestamptz,
      ADD CHECK (num_nulls(circle_id, membership_id, share_id, shared_at) IN (0, 4))`.execute(db);
  await sql`
    CREATE INDEX artworks_of_circle ON artworks (circle_id, share_id DESC)
      WHERE circle_id IS NOT NULL AND deleted_at IS NULL`.execute(db);
}
