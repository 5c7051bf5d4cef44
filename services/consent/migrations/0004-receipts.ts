import { type Kysely, sql } from 'kysely';

/** What a person was given for each event, byte by byte as it was signed. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    CREATE TABLE receipts (
      id uuid PRIMARY KEY,
      holder_principal_id uuid NOT NULL,
      jws text NOT NULL,
      event_at timestamptz NOT NULL
    )`.execute(db);
  await sql`CREATE INDEX receipts_of_holder ON receipts (holder_principal_id, id DESC)`.execute(db);
  await sql`CREATE INDEX consent_events_given_by ON consent_events (given_by)`.execute(db);
  await sql`
    CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON receipts
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()`.execute(db);
}
