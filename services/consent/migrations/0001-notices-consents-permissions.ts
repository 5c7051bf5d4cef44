import { requestsTable } from '@irisvue/database';
import { outboxTable } from '@irisvue/events';
import { signingKeysTable } from '@irisvue/signing-keys';
import { type Kysely, sql } from 'kysely';

const APPEND_ONLY = ['notices', 'notices_served', 'consent_events', 'artwork_permission_events'];

export async function up(db: Kysely<unknown>): Promise<void> {
  await requestsTable(db);
  await outboxTable(db);
  await signingKeysTable(db);

  await sql`
    CREATE TABLE notices (
      sha256 text PRIMARY KEY CHECK (sha256 ~ '^[0-9a-f]{64}$'),
      id text NOT NULL,
      version text NOT NULL,
      body text NOT NULL,
      created_at timestamptz NOT NULL DEFAULT now()
    )`.execute(db);
  await sql`
    CREATE TABLE notices_served (
      id uuid PRIMARY KEY,
      user_id uuid NOT NULL,
      notice_sha256 text NOT NULL REFERENCES notices,
      served_at timestamptz NOT NULL
    )`.execute(db);
  await sql`CREATE INDEX notices_served_to ON notices_served (user_id, notice_sha256, served_at DESC)`.execute(db);

  await sql`
    CREATE TABLE consent_events (
      id uuid PRIMARY KEY,
      seq bigint GENERATED ALWAYS AS IDENTITY,
      subject_id uuid NOT NULL,
      subject_kind text NOT NULL CHECK (subject_kind IN ('self', 'synthetic', 'evaluation')),
      purpose text NOT NULL CHECK (purpose IN ('biometric_capture', 'data_processing', 'marketing')),
      jurisdiction text NOT NULL CHECK (jurisdiction IN ('strictest', 'gdpr', 'bipa', 'ccpa', 'generic')),
      state text NOT NULL CHECK (state IN ('granted', 'withdrawn')),
      notice_served_id uuid REFERENCES notices_served,
      notice_id text,
      notice_version text,
      notice_sha256 text REFERENCES notices,
      ip_address inet,
      created_at timestamptz NOT NULL,
      CHECK (state = 'withdrawn' OR (notice_served_id IS NOT NULL AND notice_sha256 IS NOT NULL))
    )`.execute(db);
  await sql`CREATE INDEX consent_events_of ON consent_events (subject_id, subject_kind, purpose, seq DESC)`.execute(db);
  await sql`
    CREATE VIEW consents AS
    SELECT DISTINCT ON (subject_id, subject_kind, purpose)
      id, seq, subject_id, subject_kind, purpose, jurisdiction,
      state = 'granted' AS granted,
      max(created_at) FILTER (WHERE state = 'granted') OVER subject_purpose AS granted_at,
      CASE WHEN state = 'withdrawn' THEN created_at END AS withdrawn_at,
      notice_id, notice_version, notice_sha256, ip_address,
      min(created_at) OVER subject_purpose AS created_at
    FROM consent_events
    WINDOW subject_purpose AS (PARTITION BY subject_id, subject_kind, purpose)
    ORDER BY subject_id, subject_kind, purpose, seq DESC`.execute(db);

  await sql`
    CREATE TABLE artwork_permission_events (
      id uuid PRIMARY KEY,
      seq bigint GENERATED ALWAYS AS IDENTITY,
      photo_id uuid NOT NULL,
      owner_id uuid NOT NULL,
      creator_id uuid NOT NULL,
      state text NOT NULL CHECK (state IN ('granted', 'withdrawn')),
      expires_at timestamptz,
      created_at timestamptz NOT NULL
    )`.execute(db);
  await sql`
    CREATE INDEX artwork_permission_events_of
      ON artwork_permission_events (creator_id, photo_id, owner_id, seq DESC)`.execute(db);

  await sql`
    CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      RAISE EXCEPTION 'rows of % are only ever added', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
    END $$`.execute(db);
  for (const table of APPEND_ONLY) {
    await sql`
      CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ${sql.table(table)}
      FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()`.execute(db);
  }
}
