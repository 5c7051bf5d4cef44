import { signingKeysTable } from '@irisvue/signing-keys';
import { type Kysely, sql } from 'kysely';

export async function up(db: Kysely<unknown>): Promise<void> {
  await signingKeysTable(db);
  await sql`
    CREATE TABLE users (
      id uuid PRIMARY KEY,
      email text NOT NULL,
      password_hash text,
      active boolean NOT NULL DEFAULT true,
      verified boolean NOT NULL DEFAULT false,
      auth_provider text CHECK (auth_provider IN ('apple', 'google')),
      provider_id text,
      request_id uuid UNIQUE,
      created_at timestamptz NOT NULL,
      updated_at timestamptz NOT NULL,
      CHECK ((auth_provider IS NULL) = (provider_id IS NULL)),
      CHECK (password_hash IS NOT NULL OR auth_provider IS NOT NULL),
      UNIQUE (auth_provider, provider_id)
    )`.execute(db);
  await sql`CREATE UNIQUE INDEX users_email ON users (lower(email))`.execute(db);
  await sql`
    CREATE TABLE sessions (
      id uuid PRIMARY KEY,
      user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
      created_at timestamptz NOT NULL,
      expires_at timestamptz NOT NULL,
      ended_at timestamptz,
      end_reason text CHECK (end_reason IN ('signed_out', 'token_reused')),
      CHECK ((ended_at IS NULL) = (end_reason IS NULL))
    )`.execute(db);
  await sql`CREATE INDEX sessions_of_user ON sessions (user_id)`.execute(db);
  await sql`
    CREATE TABLE refresh_tokens (
      sha256 bytea PRIMARY KEY CHECK (octet_length(sha256) = 32),
      session_id uuid NOT NULL REFERENCES sessions ON DELETE CASCADE,
      expires_at timestamptz NOT NULL,
      used_at timestamptz
    )`.execute(db);
  await sql`CREATE INDEX refresh_tokens_of_session ON refresh_tokens (session_id)`.execute(db);
}
