import { createHash, randomBytes } from 'node:crypto';
import { type Database, newId } from '@irisvue/database';
import { type Clock, DomainError, ErrorReason, type Logger, TOKEN_ISSUER, USER_AUDIENCE } from '@irisvue/runtime';
import type { SigningKeys } from '@irisvue/signing-keys';
import { userOfStandingSession } from './account-store.ts';
import type { IdentityTables, UserRow } from './schema.ts';
import {
  claimToken,
  deleteExpiredSessions,
  deleteExpiredTokens,
  endSession,
  insertSession,
  insertToken,
  prolongSession,
  type StoredToken,
  sessionOfUsedToken,
} from './session-store.ts';

/** Life of an access token. */
export const ACCESS_TOKEN_MS = 30 * 60_000;
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

/** Sessions: each lives from a sign-in until its refresh token ends, a sign-out, or the reuse of a refresh token. */
export interface Sessions {
  /** Starts a session of an account. */
  start(userId: string): Promise<Tokens>;
  /**
   * Trades a refresh token for new tokens. A token works once: whoever brings it again, thief or victim, ends the
   * session for both. TOKEN_INVALID when it is unknown, used or expired, or the session or the account is closed.
   */
  refresh(refreshToken: string): Promise<Tokens>;
  /** Ends a session; harmless when it has ended. */
  end(sessionId: string): Promise<void>;
  /** Whose session it is, while it stands and the account is active. */
  holder(sessionId: string): Promise<UserRow | undefined>;
}

export function createSessions(o: {
  readonly db: Database<IdentityTables>;
  readonly keys: Pick<SigningKeys, 'sign'>;
  readonly clock: Clock;
  readonly logger: Logger;
}): Sessions {
  const { db, keys, clock, logger } = o;

  async function tokens(userId: string, sessionId: string, refresh: NewRefreshToken): Promise<Tokens> {
    const access = await keys.sign({
      issuer: TOKEN_ISSUER,
      audience: USER_AUDIENCE,
      subject: userId,
      claims: { sid: sessionId },
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
    async start(userId) {
      const now = clock.now();
      const id = newId();
      const refresh = newRefreshToken(now);
      await db.transaction().execute(async (trx) => {
        await deleteExpiredSessions(trx, userId, now);
        await insertSession(trx, { id, userId, now, token: refresh });
      });
      return tokens(userId, id, refresh);
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
        const userId = await prolongSession(trx, sessionId, successor.expiresAt);
        if (userId === undefined) return { refused: 'closed' };
        await deleteExpiredTokens(trx, sessionId, now);
        await insertToken(trx, sessionId, successor);
        return { userId, sessionId };
      });
      if ('userId' in outcome) return tokens(outcome.userId, outcome.sessionId, successor);
      if (outcome.refused === 'reused') {
        logger.warn({ session_id: outcome.sessionId }, 'a refresh token came twice: its session was ended');
      }
      throw new DomainError(ErrorReason.TOKEN_INVALID, 'the refresh token does not work (any more)');
    },

    end: (sessionId) => endSession(db, sessionId, 'signed_out', clock.now()),
    holder: (sessionId) => userOfStandingSession(db, sessionId, clock.now()),
  };
}

type RefreshOutcome =
  | { readonly userId: string; readonly sessionId: string }
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
