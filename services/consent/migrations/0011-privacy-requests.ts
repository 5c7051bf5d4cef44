import { type Kysely, sql } from 'kysely';

export async function up(db: Kysely<unknown>): Promise<void> {
  // The request log (CR-12). It names a principal, so it may outlive the person's data.
  await sql`
    CREATE TABLE privacy_requests (
      id uuid PRIMARY KEY,
      kind text NOT NULL CHECK (kind IN ('erasure', 'export')),
      principal_id uuid NOT NULL,
      jurisdiction text NOT NULL,
      created_at timestamptz NOT NULL,
      confirm_due_at timestamptz,
      confirmed_at timestamptz NOT NULL,
      due_at timestamptz NOT NULL,
      extended_at timestamptz,
      completed_at timestamptz
    )`.execute(db);
  await sql`CREATE INDEX privacy_requests_of ON privacy_requests (principal_id, id DESC)`.execute(db);
  await sql`
    CREATE TABLE privacy_request_events (
      request_id uuid NOT NULL REFERENCES privacy_requests ON DELETE CASCADE,
      seq bigint GENERATED ALWAYS AS IDENTITY,
      what text NOT NULL,
      happened_at timestamptz NOT NULL
    )`.execute(db);
  await sql`CREATE INDEX events_of_privacy_request ON privacy_request_events (request_id, seq)`.execute(db);

  await sql`
    CREATE TABLE erasures (
      id uuid PRIMARY KEY,
      state text NOT NULL
        CHECK (state IN ('blocking', 'erasing', 'purging', 'telling', 'verifying', 'completed')),
      subject_sha256 text NOT NULL,
      principal_id uuid NOT NULL,
      erased_rows integer NOT NULL DEFAULT 0,
      purged_messages integer NOT NULL DEFAULT 0,
      waiting_for text NOT NULL DEFAULT '',
      failures integer NOT NULL DEFAULT 0,
      next_try_at timestamptz NOT NULL DEFAULT now(),
      leased_by uuid,
      leased_until timestamptz,
      created_at timestamptz NOT NULL,
      completed_at timestamptz,
      certificate text,
      CHECK ((state = 'completed') = (certificate IS NOT NULL))
    )`.execute(db);
  await sql`CREATE INDEX erasures_to_do ON erasures (next_try_at) WHERE state <> 'completed'`.execute(db);
  // Who it is about: goes when the erasure is completed.
  await sql`
    CREATE TABLE erasure_subjects (
      erasure_id uuid NOT NULL REFERENCES erasures,
      subject_id uuid NOT NULL,
      subject_kind text NOT NULL,
      principal_id uuid NOT NULL,
      PRIMARY KEY (erasure_id, subject_id, subject_kind)
    )`.execute(db);
  await sql`
    CREATE TABLE erasure_objects (
      erasure_id uuid NOT NULL REFERENCES erasures,
      id uuid NOT NULL,
      service text NOT NULL,
      kind text NOT NULL,
      sha256 text NOT NULL,
      size_bytes bigint NOT NULL,
      PRIMARY KEY (erasure_id, id)
    )`.execute(db);
  await sql`
    CREATE TABLE erasure_joint_works (
      erasure_id uuid NOT NULL REFERENCES erasures,
      artwork_id uuid NOT NULL,
      outcome text NOT NULL CHECK (outcome IN ('deleted', 'remade')),
      other_user_ids uuid[] NOT NULL,
      told integer NOT NULL DEFAULT 0,
      PRIMARY KEY (erasure_id, artwork_id)
    )`.execute(db);
  await sql`
    CREATE TABLE erasure_recipients (
      erasure_id uuid NOT NULL REFERENCES erasures,
      recipient text NOT NULL,
      outcome text NOT NULL,
      told_at timestamptz NOT NULL,
      PRIMARY KEY (erasure_id, recipient)
    )`.execute(db);
}
