import { type Kysely, sql } from 'kysely';

export async function up(db: Kysely<unknown>): Promise<void> {
  // When a work was first made anew without somebody; null: never.
  await sql`ALTER TABLE artworks ADD COLUMN remade_at timestamptz`.execute(db);
  // Irises that a work has to go without. As long as there is a row, the work is out of reach.
  await sql`
    CREATE TABLE withdrawn_sources (
      artwork_id uuid NOT NULL REFERENCES artworks ON DELETE CASCADE,
      photo_id uuid NOT NULL,
      withdrawn_at timestamptz NOT NULL DEFAULT now(),
      PRIMARY KEY (artwork_id, photo_id)
    )`.execute(db);
  // Who is to be told that a work is not what it was. A row goes when identity has taken the mail over.
  await sql`
    CREATE TABLE joint_notices (
      id uuid PRIMARY KEY,
      user_id uuid NOT NULL,
      created_at timestamptz NOT NULL DEFAULT now()
    )`.execute(db);
  await sql`CREATE INDEX joint_notices_of_user ON joint_notices (user_id)`.execute(db);
}
