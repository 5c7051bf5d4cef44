import { type Kysely, sql } from 'kysely';

export async function up(db: Kysely<unknown>): Promise<void> {
  // An export goes with its request, 24 months after it was closed; its archive goes after days.
  await sql`
    CREATE TABLE exports (
      id uuid PRIMARY KEY REFERENCES privacy_requests ON DELETE CASCADE,
      user_id uuid NOT NULL,
      subject_id uuid NOT NULL,
      subject_kind text NOT NULL,
      principal_id uuid NOT NULL,
      language text NOT NULL,
      state text NOT NULL CHECK (state IN ('pending', 'packing', 'completed', 'deleted', 'blocked')),
      attempt integer NOT NULL DEFAULT 0,
      expected_files integer NOT NULL DEFAULT 0,
      files integer NOT NULL DEFAULT 0,
      size_bytes bigint,
      sha256 text,
      link_epoch integer NOT NULL DEFAULT 0,
      waiting_for text NOT NULL DEFAULT '',
      failures integer NOT NULL DEFAULT 0,
      next_try_at timestamptz NOT NULL DEFAULT now(),
      leased_by uuid,
      leased_until timestamptz,
      created_at timestamptz NOT NULL,
      completed_at timestamptz,
      expires_at timestamptz,
      CHECK ((completed_at IS NULL) = (sha256 IS NULL)),
      CHECK (state <> 'completed' OR (sha256 IS NOT NULL AND expires_at IS NOT NULL))
    )`.execute(db);
  await sql`CREATE INDEX exports_of ON exports (subject_id)`.execute(db);
  await sql`CREATE INDEX exports_to_do ON exports (next_try_at) WHERE state IN ('pending', 'packing')`.execute(db);
  await sql`CREATE INDEX exports_to_expire ON exports (expires_at) WHERE state = 'completed'`.execute(db);
  // One at a time is packed of a subject for whoever asks.
  await sql`
    CREATE UNIQUE INDEX export_under_way ON exports (user_id, subject_id, subject_kind)
    WHERE state IN ('pending', 'packing')`.execute(db);
}
