import { type Clock, DomainError, ErrorReason } from '@irisvue/runtime';
import { errors, jwtVerify, SignJWT } from 'jose';
import type { z } from 'zod';

const ALGORITHM = 'HS256';

/** Makes and reads links that say what they point at. */
export interface SignedLinks<Target> {
  /** A URL under the prefix. It tells nothing but the claims, and whether it works is decided at its use. */
  url(target: Target): Promise<string>;
  /** What the token of a link points at. Throws LINK_INVALID {problem: expired or forged}. */
  read(token: string): Promise<Target>;
}

/**
 * Links signed with HMAC-SHA256 (JWS, RFC 7515) under `key`, good for `lifetimeMs`. `audience` keeps links of one kind
 * from being taken for another; `claims` is what one says, ids only. The signature only stops guessing.
 */
export function createSignedLinks<Target extends Readonly<Record<string, unknown>>>(o: {
  readonly key: Uint8Array;
  readonly audience: string;
  readonly claims: z.ZodType<Target>;
  /** The URL before the token, without the slash at its end. */
  readonly prefix: string;
  readonly lifetimeMs: number;
  readonly clock: Clock;
}): SignedLinks<Target> {
  return {
    async url(target) {
      const token = await new SignJWT({ ...target })
        .setProtectedHeader({ alg: ALGORITHM })
        .setAudience(o.audience)
        .setExpirationTime(new Date(o.clock.now().getTime() + o.lifetimeMs))
        .sign(o.key);
      return `${o.prefix}/${token}`;
    },
    async read(token) {
      try {
        const { payload } = await jwtVerify(token, o.key, {
          algorithms: [ALGORITHM],
          audience: o.audience,
          requiredClaims: ['exp'],
          currentDate: o.clock.now(),
        });
        return o.claims.parse(payload);
      } catch (error) {
        throw linkInvalid(error instanceof errors.JWTExpired ? 'expired' : 'forged', error);
      }
    },
  };
}

/** LINK_INVALID with the problem that it names. */
export function linkInvalid(problem: 'expired' | 'forged' | 'revoked' | 'deleted', cause?: unknown): DomainError {
  return new DomainError(ErrorReason.LINK_INVALID, `the link is ${problem}`, { problem }, { cause });
}
