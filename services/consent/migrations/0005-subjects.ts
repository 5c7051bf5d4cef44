import { type Kysely, sql } from 'kysely';

/** Subjects apart from uploaders: whom adults permit to photograph them, and who speaks for a minor. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    CREATE TABLE subject_invitations (
      id uuid PRIMARY KEY,
      token_sha256 bytea NOT NULL UNIQUE,
      uploader_id uuid NOT NULL,
      created_at timestamptz NOT NULL,
      expires_at timestamptz NOT NULL,
      accepted_at timestamptz,
      revoked_at timestamptz
    )`.execute(db);
  await sql`CREATE INDEX subject_invitations_of ON subject_invitations (uploader_id, id DESC)`.execute(db);
  await sql`
    CREATE TABLE capture_permission_events (
      id uuid PRIMARY KEY,
      seq bigint GENERATED ALWAYS AS IDENTITY,
      principal_id uuid NOT NULL,
      uploader_principal_id uuid NOT NULL,
      state text NOT NULL CHECK (state IN ('granted', 'withdrawn')),
      full_age boolean NOT NULL DEFAULT false,
      created_at timestamptz NOT NULL
    )`.execute(db);
  await sql`
    CREATE INDEX capture_permission_events_of
      ON capture_permission_events (principal_id, uploader_principal_id, seq DESC)`.execute(db);
  await sql`
    CREATE INDEX capture_permission_events_to
      ON capture_permission_events (uploader_principal_id, principal_id, seq DESC)`.execute(db);

  // Who speaks for whom now; the event that it became so names principals and stays.
  await sql`
    CREATE TABLE minors (
      subject_id uuid PRIMARY KEY,
      representative_id uuid NOT NULL,
      relation text NOT NULL CHECK (relation IN ('parent', 'guardian')),
      declared_at timestamptz NOT NULL
    )`.execute(db);
  await sql`CREATE INDEX minors_of ON minors (representative_id, declared_at DESC)`.execute(db);
  await sql`
    CREATE TABLE minor_declaration_events (
      id uuid PRIMARY KEY,
      principal_id uuid NOT NULL,
      representative_principal_id uuid NOT NULL,
      relation text NOT NULL,
      created_at timestamptz NOT NULL
    )`.execute(db);
  for (const table of ['capture_permission_events', 'minor_declaration_events']) {
    await sql`
      CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ${sql.table(table)}
      FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()`.execute(db);
  }
}
