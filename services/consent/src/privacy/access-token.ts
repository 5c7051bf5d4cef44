import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto';

const KEY_BYTES = 32;

/** Tokens that open an erasure when there is no account any more. */
export interface AccessTokens {
  /** The token of an erasure: 256 bits, base64url. The same each time, so that nothing of it has to be kept. */
  of(erasureId: string): string;
  /** Whether a token is that of this erasure; takes as long whatever is wrong with it. */
  matches(erasureId: string, token: string): boolean;
}

/** Derives the tokens by HMAC-SHA256 under a key made of `secret` (HKDF-SHA256, RFC 5869). */
export function accessTokens(secret: string): AccessTokens {
  const key = Buffer.from(hkdfSync('sha256', secret, '', 'irisvue/consent/erasures/v1', KEY_BYTES));
  const digest = (text: string): Buffer => createHmac('sha256', key).update(text).digest();
  const of = (erasureId: string): string => digest(erasureId).toString('base64url');
  return {
    of,
    // Digests are compared, which have one length, so that the time taken tells nothing of the token.
    matches: (erasureId, token) => timingSafeEqual(digest(of(erasureId)), digest(token)),
  };
}
