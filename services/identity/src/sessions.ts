import { createHash, randomBytes } from 'node:crypto';
import { type Database, newId, type Page } from '@irisvue/database';
import {
  ACCESS_TOKEN_MS,
  type Clock,
  DomainError,
  ErrorReason,
  type Logger,
  TOKEN_ISSUER,
  USER_AUDIENCE,
} from '@irisvue/runtime';
import type { SigningKeys } from '@irisvue/signing-keys';
import type { Selectable } from 'kysely';
import { userOfStandingSession } from './account-store.ts';
import { auditSignIn } from './audited.ts';
import type { IdentityTables, Role, SessionsTable, UserRow } from './schema.ts';
import {
  claimToken,
  deleteExpiredSessions,
  deleteExpiredTokens,
  endSession,
  endSessionsOf,
  insertSession,
  insertToken,
  isSessionOf,
  prolongSession,
  type StoredToken,
  sessionOfUsedToken,
  standingSessions,
} from './session-store.ts';

/** Life of a refresh token; each refresh begins it anew. */
export const REFRESH_TOKEN_MS = 30 * 24 * 3_600_000;

const REFRESH_TOKEN_BYTES = 32;

/** What a signed-in client holds. */
export interface Tokens {
  readonly accessToken: string;
  readonly accessExpiresAt: Date;
  readonly refreshToken: string;
  readonly refreshExpiresAt: Date;
}

/** Whose session it is, and with which role. */
export type SessionHolder = Pick<UserRow, 'id' | 'role'>;

/** Sessions: each lives from a sign-in until its refresh token ends, a sign-out, or the reuse of a refresh token. */
export interface Sessions {
  /** Starts a session of an account. `clientName` is what its user may know it by. */
  start(user: SessionHolder, clientName: string): Promise<Tokens>;
  /**
   * Trades a refresh token for new tokens. A token works once: whoever brings it again, thief or victim, ends the
   * session for both. TOKEN_INVALID when it is unknown, used or expired, or the session or the account is closed.
   */
  refresh(refreshToken: string): Promise<Tokens>;
  /** Ends a session; harmless when it has ended. */
  end(sessionId: string): Promise<void>;
  /** Whose session it is, while it stands and the account is active. */
  holder(sessionId: string): Promise<UserRow | undefined>;
  /** An account's sessions that stand, newest first, and one more than the page holds where there are more. */
  list(userId: string, page: Page): Promise<Selectable<SessionsTable>[]>;
  /** Ends a session of an account; harmless when it has ended. NOT_FOUND when it is not the account's. */
  revoke(userId: string, sessionId: string): Promise<void>;
  /** Ends all sessions of an account but one. */
  revokeOthers(userId: string, keptSessionId: string): Promise<void>;
}

export function createSessions(o: {
  readonly db: Database<IdentityTables>;
  readonly keys: Pick<SigningKeys, 'sign'>;
  readonly clock: Clock;
  readonly logger: Logger;
}): Sessions {
  const { db, keys, clock, logger } = o;

  async function tokens(user: SessionHolder, sessionId: string, refresh: NewRefreshToken): Promise<Tokens> {
    const access = await keys.sign({
      issuer: TOKEN_ISSUER,
      audience: USER_AUDIENCE,
      subject: user.id,
      claims: { sid: sessionId, ...roleClaim(user.role) },
      lifetimeMs: ACCESS_TOKEN_MS,
    });
    return {
      accessToken: access.token,
      accessExpiresAt: access.expiresAt,
      refreshToken: refresh.token,
      refreshExpiresAt: refresh.expiresAt,
    };
  }

  return {
    async start(user, clientName) {
      const now = clock.now();
      const id = newId();
      const refresh = newRefreshToken(now);
      await db.transaction().execute(async (trx) => {
        await deleteExpiredSessions(trx, user.id, now);
        await insertSession(trx, { id, userId: user.id, clientName, now, token: refresh });
        await auditSignIn(trx, user.id, id, now);
      });
      return tokens(user, id, refresh);
    },

    async refresh(refreshToken) {
      const now = clock.now();
      const successor = newRefreshToken(now);
      // The outcome is thrown after the commit: the end of a session must not be rolled back by its own refusal.
      const outcome = await db.transaction().execute(async (trx): Promise<RefreshOutcome> => {
        const presented = sha256(refreshToken);
        const sessionId = await claimToken(trx, presented, now);
        if (sessionId === undefined) {
          const betrayed = await sessionOfUsedToken(trx, presented);
          if (betrayed === undefined) return { refused: 'unknown' };
          await endSession(trx, betrayed, 'token_reused', now);
          return { refused: 'reused', sessionId: betrayed };
        }
        const user = await prolongSession(trx, sessionId, { now, expiresAt: successor.expiresAt });
        if (user === undefined) return { refused: 'closed' };
        await deleteExpiredTokens(trx, sessionId, now);
        await insertToken(trx, sessionId, successor);
        return { user, sessionId };
      });
      if ('user' in outcome) return tokens(outcome.user, outcome.sessionId, successor);
      if (outcome.refused === 'reused') {
        logger.warn({ session_id: outcome.sessionId }, 'a refresh token came twice: its session was ended');
      }
      throw new DomainError(ErrorReason.TOKEN_INVALID, 'the refresh token does not work (any more)');
    },

    end: (sessionId) => db.transaction().execute((trx) => endSession(trx, sessionId, 'signed_out', clock.now())),
    holder: (sessionId) => userOfStandingSession(db, sessionId, clock.now()),
    list: (userId, page) => standingSessions(db, userId, clock.now(), page),
    async revoke(userId, sessionId) {
      if (!(await isSessionOf(db, userId, sessionId))) {
        throw new DomainError(ErrorReason.NOT_FOUND, 'there is no such session', {
          resource: 'session',
          id: sessionId,
        });
      }
      await db.transaction().execute((trx) => endSession(trx, sessionId, 'revoked', clock.now()));
    },
    revokeOthers: (userId, kept) =>
      db.transaction().execute((trx) => endSessionsOf(trx, userId, 'revoked', clock.now(), { except: kept })),
  };
}

// Everybody has the role "user"; only another one is worth a claim.
function roleClaim(role: Role): Record<string, string> {
  return role === 'operator' ? { role } : {};
}

type RefreshOutcome =
  | { readonly user: SessionHolder; readonly sessionId: string }
  | { readonly refused: 'unknown' | 'closed' }
  | { readonly refused: 'reused'; readonly sessionId: string };

interface NewRefreshToken extends StoredToken {
  readonly token: string;
}

function newRefreshToken(now: Date): NewRefreshToken {
  const token = randomBytes(REFRESH_TOKEN_BYTES).toString('base64url');
  return { token, sha256: sha256(token), expiresAt: new Date(now.getTime() + REFRESH_TOKEN_MS) };
}

// A token has 256 random bits, so a plain hash is enough: there is nothing to guess.
function sha256(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}
