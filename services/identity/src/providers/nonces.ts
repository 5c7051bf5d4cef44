import { createHash } from 'node:crypto';
import type { Database } from '@irisvue/database';
import type { Clock } from '@irisvue/runtime';
import { newSecretToken, tokenDigest } from '../link-tokens.ts';
import type { IdentityTables } from '../schema.ts';

type Db = Database<IdentityTables>;

const LIFETIME_MS = 10 * 60_000;

/** Makes a nonce for one sign-in with a provider, so that an id_token made for another one, or taken, is of no use. */
export async function createNonce(db: Db, clock: Clock): Promise<{ readonly nonce: string; readonly expiresAt: Date }> {
  const { token, sha256 } = newSecretToken();
  const expiresAt = new Date(clock.now().getTime() + LIFETIME_MS);
  await db.insertInto('provider_nonces').values({ sha256, expires_at: expiresAt }).execute();
  return { nonce: token, expiresAt };
}

/** Uses a nonce up; false when it is unknown, used or expired. One caller gets it. */
export async function claimNonce(db: Db, nonce: string, now: Date): Promise<boolean> {
  const { numDeletedRows } = await db
    .deleteFrom('provider_nonces')
    .where('sha256', '=', tokenDigest(nonce))
    .where('expires_at', '>', now)
    .executeTakeFirst();
  return numDeletedRows === 1n;
}

/** Forgets nonces that ended before `now`. */
export async function deleteEndedNonces(db: Db, now: Date): Promise<void> {
  await db.deleteFrom('provider_nonces').where('expires_at', '<=', now).execute();
}

/** Whether the nonce in a token is ours: as it is, or as its SHA-256 in hexadecimal, as apps hand it to Apple. */
export function isSameNonce(inToken: string, nonce: string): boolean {
  return inToken === nonce || inToken === createHash('sha256').update(nonce).digest('hex');
}
