import { createHmac, timingSafeEqual } from 'node:crypto';
import { DomainError, ErrorReason, SERVICE_AUDIENCE, TOKEN_ISSUER } from '@irisvue/runtime';
import type { SignedToken, SigningKeys } from '@irisvue/signing-keys';

/** Life of a service token. */
export const SERVICE_TOKEN_MS = 30 * 60_000;

/** Who runs the mesh by hand: it takes the master secret to be it. */
export const COMMAND = 'command';

/** The services that may have one. */
export const KNOWN_SERVICES: readonly string[] = [
  'gateway',
  'identity',
  'consent',
  'jobs',
  'segmentation',
  'enhancement',
  'fusion',
  COMMAND,
];

/** The secret of one service: HMAC-SHA256 (RFC 2104) of its name under the master secret, hexadecimal. */
export function serviceSecret(masterSecret: string, service: string): string {
  return createHmac('sha256', masterSecret).update(service).digest('hex');
}

/** Trades a service's secret for a token. BAD_CREDENTIALS for an unknown service and a wrong secret alike. */
export function createServiceTokens(o: {
  readonly masterSecret: string;
  readonly keys: Pick<SigningKeys, 'sign'>;
}): (service: string, secret: string) => Promise<SignedToken> {
  return async (service, secret) => {
    const right = sameText(secret, serviceSecret(o.masterSecret, service));
    if (!right || !KNOWN_SERVICES.includes(service)) {
      throw new DomainError(ErrorReason.BAD_CREDENTIALS, 'the service or its secret is wrong');
    }
    return o.keys.sign({
      issuer: TOKEN_ISSUER,
      audience: SERVICE_AUDIENCE,
      subject: `service:${service}`,
      lifetimeMs: SERVICE_TOKEN_MS,
    });
  };
}

// Texts of different lengths are compared by their keyed digests, so that the time taken tells nothing of either.
function sameText(a: string, b: string): boolean {
  const digest = (text: string) => createHmac('sha256', b).update(text).digest();
  return timingSafeEqual(digest(a), digest(b));
}
