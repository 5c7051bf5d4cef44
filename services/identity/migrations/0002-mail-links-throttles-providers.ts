import { requestsTable } from '@irisvue/database';
import { type Kysely, sql } from 'kysely';

export async function up(db: Kysely<unknown>): Promise<void> {
  await requestsTable(db);
  await sql`
    ALTER TABLE users
      ADD COLUMN role text NOT NULL DEFAULT 'user' CHECK (role IN ('user', 'operator'))`.execute(db);
  await sql`
    CREATE TABLE provider_accounts (
      provider text NOT NULL CHECK (provider IN ('apple', 'google')),
      provider_id text NOT NULL,
      user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
      linked_at timestamptz NOT NULL,
      PRIMARY KEY (provider, provider_id),
      UNIQUE (user_id, provider)
    )`.execute(db);
  await sql`
    INSERT INTO provider_accounts (provider, provider_id, user_id, linked_at)
      SELECT auth_provider, provider_id, id, created_at FROM users WHERE auth_provider IS NOT NULL`.execute(db);
  await sql`ALTER TABLE users DROP COLUMN auth_provider, DROP COLUMN provider_id`.execute(db);
  await sql`
    ALTER TABLE sessions
      ADD COLUMN client_name text NOT NULL DEFAULT '',
      ADD COLUMN refreshed_at timestamptz,
      DROP CONSTRAINT sessions_end_reason_check,
      ADD CONSTRAINT sessions_end_reason_check
        CHECK (end_reason IN ('signed_out', 'token_reused', 'revoked', 'password_changed', 'role_changed'))`.execute(
    db,
  );
  await sql`
    CREATE TABLE link_tokens (
      sha256 bytea PRIMARY KEY CHECK (octet_length(sha256) = 32),
      purpose text NOT NULL CHECK (purpose IN ('verify_email', 'reset_password', 'change_email')),
      user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
      email text NOT NULL,
      expires_at timestamptz NOT NULL
    )`.execute(db);
  await sql`CREATE INDEX link_tokens_of_user ON link_tokens (user_id, purpose)`.execute(db);
  await sql`CREATE INDEX link_tokens_by_end ON link_tokens (expires_at)`.execute(db);
  await sql`
    CREATE TABLE mails (
      id uuid PRIMARY KEY,
      template text NOT NULL,
      user_id uuid REFERENCES users ON DELETE CASCADE,
      email text,
      parameters jsonb NOT NULL,
      created_at timestamptz NOT NULL,
      send_after timestamptz NOT NULL,
      attempts integer NOT NULL DEFAULT 0,
      CHECK (user_id IS NOT NULL OR email IS NOT NULL)
    )`.execute(db);
  await sql`CREATE INDEX mails_by_turn ON mails (send_after)`.execute(db);
  await sql`
    CREATE TABLE throttles (
      key bytea PRIMARY KEY,
      level double precision NOT NULL,
      counted_at timestamptz NOT NULL,
      blocked_until timestamptz
    )`.execute(db);
  await sql`CREATE INDEX throttles_by_age ON throttles (counted_at)`.execute(db);
  await sql`
    CREATE TABLE provider_nonces (
      sha256 bytea PRIMARY KEY CHECK (octet_length(sha256) = 32),
      expires_at timestamptz NOT NULL
    )`.execute(db);
  await sql`CREATE INDEX provider_nonces_by_end ON provider_nonces (expires_at)`.execute(db);
}
