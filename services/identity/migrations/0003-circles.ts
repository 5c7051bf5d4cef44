import { type Kysely, sql } from 'kysely';

export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    CREATE TABLE circles (
      id uuid PRIMARY KEY,
      name text NOT NULL,
      owner_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
      created_at timestamptz NOT NULL,
      updated_at timestamptz NOT NULL
    )`.execute(db);
  await sql`CREATE INDEX circles_of_owner ON circles (owner_id)`.execute(db);
  await sql`
    CREATE TABLE circle_members (
      id uuid PRIMARY KEY,
      circle_id uuid NOT NULL REFERENCES circles ON DELETE CASCADE,
      user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
      joined_at timestamptz NOT NULL,
      UNIQUE (circle_id, user_id)
    )`.execute(db);
  await sql`CREATE INDEX circles_of_member ON circle_members (user_id, circle_id DESC)`.execute(db);
  // The owner is always a member. Looked at on commit: each of the two rows needs the other.
  await sql`
    ALTER TABLE circles ADD CONSTRAINT owner_is_member
      FOREIGN KEY (id, owner_id) REFERENCES circle_members (circle_id, user_id) DEFERRABLE INITIALLY DEFERRED`.execute(
    db,
  );
  await sql`
    CREATE TABLE circle_invitations (
      id uuid PRIMARY KEY,
      circle_id uuid NOT NULL REFERENCES circles ON DELETE CASCADE,
      uses integer NOT NULL CHECK (uses > 0),
      uses_left integer NOT NULL CHECK (uses_left BETWEEN 0 AND uses),
      created_at timestamptz NOT NULL,
      expires_at timestamptz NOT NULL
    )`.execute(db);
  await sql`CREATE INDEX invitations_of_circle ON circle_invitations (circle_id, id DESC)`.execute(db);
  await sql`
    CREATE TABLE circle_invitation_tokens (
      sha256 bytea PRIMARY KEY CHECK (octet_length(sha256) = 32),
      invitation_id uuid NOT NULL REFERENCES circle_invitations ON DELETE CASCADE
    )`.execute(db);
  await sql`CREATE INDEX tokens_of_invitation ON circle_invitation_tokens (invitation_id)`.execute(db);
}
