import { createHmac, hkdfSync } from 'node:crypto';
import { type RequestKey, requestKey } from '@irisvue/database';

const KEY_BYTES = 32;

/** Whose request it is when nobody signed in. */
export const NOBODY = 'nobody';

/** Gives what a repeat of a request is known by, as requestKey() of the database does. */
export type RequestKeyOf = typeof requestKey;

/**
 * Keys requests by an HMAC of their message under a key derived from `secret` (HKDF-SHA256, RFC 5869): a request may
 * hold a password, and a plain digest of it in the database could be guessed at, past Argon2.
 */
export function requestKeys(secret: string): RequestKeyOf {
  const key = Buffer.from(hkdfSync('sha256', secret, '', 'irisvue/identity/requests/v1', KEY_BYTES));
  return (userId, method, request): RequestKey => {
    const plain = requestKey(userId, method, request);
    return { ...plain, request: createHmac('sha256', key).update(plain.request).digest() };
  };
}
