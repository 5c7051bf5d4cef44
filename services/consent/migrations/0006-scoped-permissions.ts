import { type Kysely, sql } from 'kysely';

/** Permissions get a scope, and can be asked for and denied (CR-20). What was given before is for a photo, everywhere. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`ALTER TABLE artwork_permission_events DISABLE TRIGGER append_only`.execute(db);
  await sql`
    ALTER TABLE artwork_permission_events
      ALTER COLUMN photo_id DROP NOT NULL,
      ADD COLUMN permission_id uuid,
      ADD COLUMN artwork_id uuid,
      ADD COLUMN purpose text CHECK (purpose IN ('fusion', 'composition')),
      ADD COLUMN circle_id uuid,
      ADD COLUMN recipients text[] NOT NULL DEFAULT '{}',
      ADD CHECK (photo_id IS NOT NULL OR artwork_id IS NOT NULL)`.execute(db);
  await moreStates(db);
  // A permission is known by its first event.
  await sql`
    UPDATE artwork_permission_events e SET permission_id = (
      SELECT first.id FROM artwork_permission_events first
      WHERE first.owner_principal_id = e.owner_principal_id AND first.creator_principal_id = e.creator_principal_id
        AND first.photo_id = e.photo_id
      ORDER BY first.seq LIMIT 1)`.execute(db);
  await sql`ALTER TABLE artwork_permission_events ALTER COLUMN permission_id SET NOT NULL`.execute(db);
  await sql`ALTER TABLE artwork_permission_events ENABLE TRIGGER append_only`.execute(db);
  await sql`DROP INDEX artwork_permission_events_of`.execute(db);
  await sql`
    CREATE INDEX artwork_permission_events_to
      ON artwork_permission_events (creator_principal_id, owner_principal_id, permission_id, seq DESC)`.execute(db);
  await sql`
    CREATE INDEX artwork_permission_events_of
      ON artwork_permission_events (owner_principal_id, permission_id, seq DESC)`.execute(db);
}

// PostgreSQL chose the name of the rule on states, so it is looked up.
async function moreStates(db: Kysely<unknown>): Promise<void> {
  await sql`
    DO $$
    DECLARE rule text;
    BEGIN
      SELECT conname INTO STRICT rule FROM pg_constraint
      WHERE conrelid = 'artwork_permission_events'::regclass AND contype = 'c'
        AND pg_get_constraintdef(oid) LIKE '%state%';
      EXECUTE format('ALTER TABLE artwork_permission_events DROP CONSTRAINT %I', rule);
    END $$`.execute(db);
  await sql`
    ALTER TABLE artwork_permission_events
      ADD CHECK (state IN ('requested', 'granted', 'denied', 'withdrawn'))`.execute(db);
}
