import type { SigningKeysTables } from '@irisvue/signing-keys';
import type { Selectable } from 'kysely';

export interface UsersTable {
  id: string;
  /** As given; unique without regard to case. */
  email: string;
  /** Argon2id, PHC string. Null for an account that only a provider signs in. */
  password_hash: string | null;
  active: boolean;
  verified: boolean;
  auth_provider: 'apple' | 'google' | null;
  /** The provider's id of the account. */
  provider_id: string | null;
  /** The CreateUser that made it. */
  request_id: string | null;
  created_at: Date;
  updated_at: Date;
}

export interface SessionsTable {
  id: string;
  user_id: string;
  created_at: Date;
  /** When its newest refresh token ends. */
  expires_at: Date;
  ended_at: Date | null;
  end_reason: SessionEnd | null;
}

/** Why a session ended before its time. */
export type SessionEnd = 'signed_out' | 'token_reused';

export interface RefreshTokensTable {
  /** SHA-256 of the token. The token itself is kept by its holder only. */
  sha256: Buffer;
  session_id: string;
  expires_at: Date;
  /** When it was traded for its successor. */
  used_at: Date | null;
}

export interface IdentityTables extends SigningKeysTables {
  users: UsersTable;
  sessions: SessionsTable;
  refresh_tokens: RefreshTokensTable;
}

export type UserRow = Selectable<UsersTable>;
