import { type Kysely, sql } from 'kysely';

export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    CREATE TABLE audit_log (
      seq bigint PRIMARY KEY CHECK (seq > 0),
      event_id uuid NOT NULL UNIQUE,
      entry text NOT NULL,
      hash text NOT NULL CHECK (hash ~ '^[0-9a-f]{64}$')
    )`.execute(db);
  await sql`CREATE INDEX audit_log_subjects ON audit_log USING gin ((entry::jsonb -> 'subjects'))`.execute(db);
  await sql`CREATE INDEX audit_log_actor ON audit_log ((entry::jsonb ->> 'actor'))`.execute(db);
  await sql`
    CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_log
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()`.execute(db);

  await sql`
    CREATE TABLE tombstones (
      subject_sha256 text PRIMARY KEY CHECK (subject_sha256 ~ '^[0-9a-f]{64}$'),
      erasure_id uuid NOT NULL,
      blocked_at timestamptz NOT NULL,
      erased_at timestamptz
    )`.execute(db);

  await sql`
    CREATE TABLE evidence_keys (
      kid text PRIMARY KEY,
      public_jwk jsonb NOT NULL
    )`.execute(db);
  await sql`
    CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON evidence_keys
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()`.execute(db);
}
