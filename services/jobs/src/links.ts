import { type Clock, DomainError, ErrorReason } from '@irisvue/runtime';
import { errors, jwtVerify, SignJWT } from 'jose';
import { z } from 'zod';

const ALGORITHM = 'HS256';
const AUDIENCE = 'irisvue-download';

const LinkClaims = z.object({
  resource: z.enum(['job', 'artwork']),
  id: z.uuid(),
  artifact: z.enum(['original', 'result', 'mask', 'thumbnail']),
  user: z.uuid(),
  epoch: z.int().min(0),
});

/** What a link points at, whom it was handed to, and the epoch of the row's links: a higher one there revokes it. */
export type LinkTarget = Readonly<z.infer<typeof LinkClaims>>;

/** Makes and reads download links. */
export interface Links {
  /** A URL at the gateway. It tells nothing but ids, and is worth nothing without ResolveDownload. */
  url(target: LinkTarget): Promise<string>;
  /** What the token of a link points at. Throws LINK_INVALID {problem: expired or forged}. */
  read(token: string): Promise<LinkTarget>;
}

/**
 * Links signed with HMAC-SHA256 (JWS, RFC 7515) under `secret`, good for `lifetimeMs`. The signature only stops
 * guessing: whether a link still works is decided where it is used.
 */
export function createLinks(o: {
  readonly secret: string;
  readonly publicUrl: string;
  readonly lifetimeMs: number;
  readonly clock: Clock;
}): Links {
  const key = new TextEncoder().encode(o.secret);
  return {
    async url(target) {
      const expiresAt = new Date(o.clock.now().getTime() + o.lifetimeMs);
      const token = await new SignJWT({ ...target })
        .setProtectedHeader({ alg: ALGORITHM })
        .setAudience(AUDIENCE)
        .setExpirationTime(expiresAt)
        .sign(key);
      return `${o.publicUrl}/v1/downloads/${token}`;
    },
    async read(token) {
      try {
        const { payload } = await jwtVerify(token, key, {
          algorithms: [ALGORITHM],
          audience: AUDIENCE,
          requiredClaims: ['exp'],
          currentDate: o.clock.now(),
        });
        return LinkClaims.parse(payload);
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
