import { hkdfSync } from 'node:crypto';
import { type Clock, DomainError, ErrorReason } from '@irisvue/runtime';
import { errors, jwtVerify, SignJWT } from 'jose';
import { z } from 'zod';

const ALGORITHM = 'HS256';
const AUDIENCE = 'irisvue-export';
const KEY_BYTES = 32;
const LIFETIME_MS = 3_600_000;

const LinkClaims = z.object({ export: z.uuid(), user: z.uuid(), epoch: z.int().min(0) });

/** The archive that a link is for, whom it was handed to, and the epoch of its links: a higher one in the row revokes it. */
export type ExportLink = Readonly<z.infer<typeof LinkClaims>>;

/** Makes and reads links to archives. */
export interface ExportLinks {
  /** A URL at the gateway, good for an hour. It tells nothing but ids, and whether it works is decided at its use. */
  url(link: ExportLink): Promise<string>;
  /** What the token of a link says. Throws LINK_INVALID {problem: expired or forged}. */
  read(token: string): Promise<ExportLink>;
}

/** Links signed with HMAC-SHA256 (JWS, RFC 7515) under a key made of `secret` (HKDF-SHA256, RFC 5869). */
export function createExportLinks(o: {
  readonly secret: string;
  readonly publicUrl: string;
  readonly clock: Clock;
}): ExportLinks {
  const key = new Uint8Array(hkdfSync('sha256', o.secret, '', 'irisvue/consent/exports/v1', KEY_BYTES));
  return {
    async url(link) {
      const token = await new SignJWT({ ...link })
        .setProtectedHeader({ alg: ALGORITHM })
        .setAudience(AUDIENCE)
        .setExpirationTime(new Date(o.clock.now().getTime() + LIFETIME_MS))
        .sign(key);
      return `${o.publicUrl}/v1/exports/${token}`;
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
