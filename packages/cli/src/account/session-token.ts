import { timestampDate } from '@bufbuild/protobuf/wkt';
import type { Client } from '@connectrpc/connect';
import { ErrorReason } from '@irisvue/contracts/irisvue/errors/v1/errors';
import type { IdentityService, SessionTokens } from '@irisvue/contracts/irisvue/identity/v1/identity_service';
import { reasonOf } from '@irisvue/runtime';
import { readAccount, type StoredSession, withAccountLock, writeAccount } from './account-file.ts';

/** A token is renewed this long before it ends, so that none ends on its way. */
export const renewEarlyMs = 60_000;

/** A session as it is kept. */
export function toStored(tokens: SessionTokens | undefined): StoredSession {
  if (tokens?.accessExpireTime === undefined) throw new Error('the gateway answered without a session');
  const { accessToken, refreshToken } = tokens;
  return { accessToken, refreshToken, accessExpireTime: timestampDate(tokens.accessExpireTime).toISOString() };
}

/**
 * An access token of the session that is kept in a home, renewed when it is about to end. Of several commands at the
 * same time one renews it, the others take what it wrote.
 * @throws Error when the session has ended.
 */
export async function sessionToken(identity: Client<typeof IdentityService>, home: string): Promise<string> {
  const kept = await keptSession(home);
  if (!isEnding(kept)) return kept.accessToken;
  return withAccountLock(home, async () => {
    const latest = await keptSession(home);
    if (!isEnding(latest)) return latest.accessToken;
    const { tokens } = await identity.refreshSession({ refreshToken: latest.refreshToken }).catch(signedOut);
    const session = toStored(tokens);
    await writeAccount(home, { email: latest.email, session });
    return session.accessToken;
  });
}

async function keptSession(home: string): Promise<StoredSession & { readonly email: string }> {
  const account = await readAccount(home);
  if (account === undefined || !('session' in account)) throw new Error('nobody is signed in here any more');
  return { ...account.session, email: account.email };
}

function isEnding({ accessExpireTime }: StoredSession): boolean {
  return Date.parse(accessExpireTime) - Date.now() < renewEarlyMs;
}

function signedOut(error: unknown): never {
  if (reasonOf(error) !== ErrorReason.TOKEN_INVALID) throw error;
  throw new Error('the session has ended. Sign in again with: irisvue account sign-in');
}
