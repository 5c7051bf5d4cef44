import { type Kysely, sql } from 'kysely';

const APPEND_ONLY = ['notices_served', 'consent_events', 'artwork_permission_events'];

/**
 * Evidence becomes pseudonymous: events name a principal, one table says who that is, and addresses lie beside the
 * events. Tables are made anew instead of changed, so that no page keeps what a dropped column held.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    CREATE TABLE principals (
      subject_id uuid NOT NULL,
      subject_kind text NOT NULL CHECK (subject_kind IN ('self', 'synthetic', 'evaluation', 'minor')),
      principal_id uuid NOT NULL UNIQUE DEFAULT gen_random_uuid(),
      created_at timestamptz NOT NULL DEFAULT now(),
      PRIMARY KEY (subject_id, subject_kind)
    )`.execute(db);
  await sql`
    INSERT INTO principals (subject_id, subject_kind)
    SELECT subject_id, subject_kind FROM consent_events
    UNION SELECT user_id, 'self' FROM notices_served
    UNION SELECT owner_id, 'self' FROM artwork_permission_events
    UNION SELECT creator_id, 'self' FROM artwork_permission_events`.execute(db);

  await sql`DROP VIEW consents`.execute(db);
  for (const table of APPEND_ONLY) await sql`ALTER TABLE ${sql.table(table)} RENAME TO ${old(table)}`.execute(db);
  await evidenceTables(db);
  await copyEvidence(db);
  for (const table of APPEND_ONLY.toReversed()) await sql`DROP TABLE ${old(table)}`.execute(db);
  await evidenceIndexes(db);
  await consentsView(db);

  for (const table of APPEND_ONLY) {
    await sql`
      CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ${sql.table(table)}
      FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()`.execute(db);
  }
  await sql`
    CREATE TRIGGER never_changed BEFORE UPDATE OR TRUNCATE ON event_addresses
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()`.execute(db);
}

const old = (table: string) => sql.table(`${table}_named`);

async function evidenceTables(db: Kysely<unknown>): Promise<void> {
  await sql`
    CREATE TABLE notices_served (
      id uuid PRIMARY KEY,
      principal_id uuid NOT NULL,
      notice_sha256 text NOT NULL REFERENCES notices,
      served_at timestamptz NOT NULL
    )`.execute(db);
  await sql`
    CREATE TABLE consent_events (
      id uuid PRIMARY KEY,
      seq bigint GENERATED ALWAYS AS IDENTITY,
      principal_id uuid NOT NULL,
      subject_kind text NOT NULL CHECK (subject_kind IN ('self', 'synthetic', 'evaluation', 'minor')),
      given_by uuid NOT NULL,
      purpose text NOT NULL CHECK (purpose IN ('biometric_capture', 'data_processing', 'marketing')),
      jurisdiction text NOT NULL,
      state text NOT NULL CHECK (state IN ('granted', 'withdrawn')),
      notice_served_id uuid REFERENCES notices_served,
      notice_id text,
      notice_version text,
      notice_sha256 text REFERENCES notices,
      created_at timestamptz NOT NULL,
      CHECK (state = 'withdrawn' OR (notice_served_id IS NOT NULL AND notice_sha256 IS NOT NULL))
    )`.execute(db);
  // Beside the event, because a person's erasure removes it while the event stays.
  await sql`
    CREATE TABLE event_addresses (
      event_id uuid PRIMARY KEY REFERENCES consent_events,
      ip_address inet NOT NULL
    )`.execute(db);
  await sql`
    CREATE TABLE artwork_permission_events (
      id uuid PRIMARY KEY,
      seq bigint GENERATED ALWAYS AS IDENTITY,
      photo_id uuid NOT NULL,
      owner_principal_id uuid NOT NULL,
      creator_principal_id uuid NOT NULL,
      state text NOT NULL CHECK (state IN ('granted', 'withdrawn')),
      expires_at timestamptz,
      created_at timestamptz NOT NULL
    )`.execute(db);
}

async function copyEvidence(db: Kysely<unknown>): Promise<void> {
  const principal = (id: string, kind: string) =>
    sql`(SELECT principal_id FROM principals WHERE subject_id = ${sql.ref(id)} AND subject_kind = ${sql.raw(kind)})`;
  await sql`
    INSERT INTO notices_served (id, principal_id, notice_sha256, served_at)
    SELECT id, ${principal('o.user_id', "'self'")}, notice_sha256, served_at FROM ${old('notices_served')} o`.execute(
    db,
  );
  await sql`
    INSERT INTO consent_events (id, principal_id, subject_kind, given_by, purpose, jurisdiction, state,
      notice_served_id, notice_id, notice_version, notice_sha256, created_at)
    SELECT id, ${principal('o.subject_id', 'o.subject_kind')}, subject_kind,
      ${principal('o.subject_id', 'o.subject_kind')}, purpose, jurisdiction, state,
      notice_served_id, notice_id, notice_version, notice_sha256, created_at
    FROM ${old('consent_events')} o ORDER BY seq`.execute(db);
  await sql`
    INSERT INTO event_addresses (event_id, ip_address)
    SELECT id, ip_address FROM ${old('consent_events')} WHERE ip_address IS NOT NULL`.execute(db);
  await sql`
    INSERT INTO artwork_permission_events (id, photo_id, owner_principal_id, creator_principal_id, state, expires_at,
      created_at)
    SELECT id, photo_id, ${principal('o.owner_id', "'self'")}, ${principal('o.creator_id', "'self'")}, state,
      expires_at, created_at
    FROM ${old('artwork_permission_events')} o ORDER BY seq`.execute(db);
}

async function evidenceIndexes(db: Kysely<unknown>): Promise<void> {
  await sql`CREATE INDEX notices_served_to ON notices_served (principal_id, notice_sha256, served_at DESC)`.execute(db);
  await sql`CREATE INDEX consent_events_of ON consent_events (principal_id, purpose, seq DESC)`.execute(db);
  await sql`
    CREATE INDEX artwork_permission_events_of
      ON artwork_permission_events (creator_principal_id, photo_id, owner_principal_id, seq DESC)`.execute(db);
}

/** The present state of each subject and purpose (features F5). Whoever has no row in principals has no state. */
async function consentsView(db: Kysely<unknown>): Promise<void> {
  await sql`
    CREATE VIEW consents AS
    SELECT latest.*, principals.subject_id, event_addresses.ip_address
    FROM (
      SELECT DISTINCT ON (principal_id, purpose)
        id, seq, principal_id, subject_kind, purpose, jurisdiction,
        state = 'granted' AS granted,
        max(created_at) FILTER (WHERE state = 'granted') OVER of_purpose AS granted_at,
        CASE WHEN state = 'withdrawn' THEN created_at END AS withdrawn_at,
        notice_id, notice_version, notice_sha256,
        min(created_at) OVER of_purpose AS created_at
      FROM consent_events
      WINDOW of_purpose AS (PARTITION BY principal_id, purpose)
      ORDER BY principal_id, purpose, seq DESC
    ) latest
    JOIN principals ON principals.principal_id = latest.principal_id
    LEFT JOIN event_addresses ON event_addresses.event_id = latest.id`.execute(db);
}
