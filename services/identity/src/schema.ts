import type { RequestsTable } from '@irisvue/database';
import type { SigningKeysTables } from '@irisvue/signing-keys';
import type { Generated, JSONColumnType, Selectable } from 'kysely';
import type { Language } from './language.ts';

export interface UsersTable {
  id: string;
  /** As given; unique without regard to case. */
  email: string;
  /** Argon2id, PHC string. Null for an account that only a provider signs in. */
  password_hash: string | null;
  active: boolean;
  verified: boolean;
  /** The CreateUser that made it. */
  request_id: string | null;
  role: Generated<Role>;
  /** Of its mails. */
  language: Generated<Language>;
  created_at: Date;
  updated_at: Date;
}

/** What an account may do besides the things of its own. */
export type Role = 'user' | 'operator';

/** A company whose sign-in is accepted. */
export type ProviderName = 'apple' | 'google';

/** Which provider's account signs in to which of ours. */
export interface ProviderAccountsTable {
  provider: ProviderName;
  /** The provider's id of its account: claim `sub`. */
  provider_id: string;
  user_id: string;
  linked_at: Date;
}

export interface SessionsTable {
  id: string;
  user_id: string;
  created_at: Date;
  /** When its newest refresh token ends. */
  expires_at: Date;
  ended_at: Date | null;
  end_reason: SessionEnd | null;
  /** What the client called itself; empty when it did not. */
  client_name: Generated<string>;
  /** When it last got new tokens; null before the first renewal. */
  refreshed_at: Date | null;
}

/** Why a session ended before its time. */
export type SessionEnd = 'signed_out' | 'token_reused' | 'revoked' | 'password_changed' | 'role_changed';

export interface RefreshTokensTable {
  /** SHA-256 of the token. The token itself is kept by its holder only. */
  sha256: Buffer;
  session_id: string;
  expires_at: Date;
  /** When it was traded for its successor. */
  used_at: Date | null;
}

/** What a link may do. */
export type LinkPurpose = 'verify_email' | 'reset_password' | 'change_email';

/** A link that was mailed and not used yet. A row is a standing token: using or revoking it removes it. */
export interface LinkTokensTable {
  /** SHA-256 of the token. The token itself is in the mail only. */
  sha256: Buffer;
  purpose: LinkPurpose;
  user_id: string;
  /** The address that the link went to, and that its use proves. */
  email: string;
  expires_at: Date;
}

/** A mail that is not sent yet. It holds no link: the token is made when it is sent. */
export interface MailsTable {
  id: string;
  template: string;
  /** Whom; null for a reset, where the address may have no account. */
  user_id: string | null;
  /** The address, where it is not the account's. */
  email: string | null;
  parameters: JSONColumnType<Record<string, string>, string, never>;
  created_at: Date;
  /** Not before; while it is being sent, when another worker may take it for lost. */
  send_after: Date;
  attempts: Generated<number>;
}

export interface ThrottlesTable {
  /** HMAC-SHA256 of what is throttled: no address and no e-mail stands here. */
  key: Buffer;
  /** Tries, less those that time forgave. */
  level: number;
  counted_at: Date;
  blocked_until: Date | null;
}

export interface ProviderNoncesTable {
  sha256: Buffer;
  expires_at: Date;
}

export interface IdentityTables extends SigningKeysTables {
  users: UsersTable;
  sessions: SessionsTable;
  refresh_tokens: RefreshTokensTable;
  requests: RequestsTable;
  provider_accounts: ProviderAccountsTable;
  link_tokens: LinkTokensTable;
  mails: MailsTable;
  throttles: ThrottlesTable;
  provider_nonces: ProviderNoncesTable;
}

export type UserRow = Selectable<UsersTable>;
