import { type Kysely, sql } from 'kysely';

/** What a consent is given against, to whom it opens, and how it was signed. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    CREATE TABLE retention_policies (
      sha256 text PRIMARY KEY CHECK (sha256 ~ '^[0-9a-f]{64}$'),
      version text NOT NULL,
      language text NOT NULL,
      in_force_at timestamptz NOT NULL,
      body text NOT NULL,
      created_at timestamptz NOT NULL DEFAULT now()
    )`.execute(db);
  await sql`
    ALTER TABLE consent_events
      ADD COLUMN policy_sha256 text REFERENCES retention_policies,
      ADD COLUMN policy_version text,
      ADD COLUMN recipients text[] NOT NULL DEFAULT '{}',
      ADD COLUMN full_age boolean NOT NULL DEFAULT false,
      ADD COLUMN signature_sha256 text CHECK (signature_sha256 ~ '^[0-9a-f]{64}$')`.execute(db);
  // Beside the event, because a person's erasure removes it while the event stays.
  await sql`
    CREATE TABLE event_signatures (
      event_id uuid PRIMARY KEY REFERENCES consent_events,
      name text NOT NULL,
      salt text NOT NULL
    )`.execute(db);
  await sql`
    CREATE TRIGGER never_changed BEFORE UPDATE OR TRUNCATE ON event_signatures
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()`.execute(db);
  await sql`
    CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON retention_policies
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()`.execute(db);
  await sql`DROP VIEW consents`.execute(db);
  await consentsView(db);
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
        notice_id, notice_version, notice_sha256, policy_version, recipients,
        min(created_at) OVER of_purpose AS created_at
      FROM consent_events
      WINDOW of_purpose AS (PARTITION BY principal_id, purpose)
      ORDER BY principal_id, purpose, seq DESC
    ) latest
    JOIN principals ON principals.principal_id = latest.principal_id
    LEFT JOIN event_addresses ON event_addresses.event_id = latest.id`.execute(db);
}
