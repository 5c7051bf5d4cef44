import { createRemoteJWKSet, errors, type JWTVerifyGetKey } from 'jose';
import { DomainError, ErrorReason } from './errors.ts';

// A removed key is forgotten after this long at the latest.
const CACHE_MAX_AGE_MS = 10 * 60_000;
// An unknown key id makes the set be fetched again, but not more often than this: garbage must not become a flood.
const COOLDOWN_MS = 5_000;
const FETCH_TIMEOUT_MS = 5_000;

/** The public keys at `{baseUrl}/.well-known/jwks.json`, cached, fetched again when a token names an unknown key. */
export function remoteKeys(baseUrl: string, o: { readonly cooldownMs?: number } = {}): JWTVerifyGetKey {
  return createRemoteJWKSet(new URL('/.well-known/jwks.json', baseUrl), {
    cacheMaxAge: CACHE_MAX_AGE_MS,
    cooldownDuration: o.cooldownMs ?? COOLDOWN_MS,
    timeoutDuration: FETCH_TIMEOUT_MS,
  });
}

// What jose throws when the token itself is at fault. Whatever else comes out of a verification is the fetch's fault.
const TOKEN_FAULTS = [
  errors.JOSEAlgNotAllowed,
  errors.JOSENotSupported,
  errors.JWKSMultipleMatchingKeys,
  errors.JWKSNoMatchingKey,
  errors.JWSInvalid,
  errors.JWSSignatureVerificationFailed,
  errors.JWTClaimValidationFailed,
  errors.JWTExpired,
  errors.JWTInvalid,
];

/** Throws DEPENDENCY_DOWN {dependency} when a verification failed because the keys could not be fetched. */
export function rethrowIfUnreachable(error: unknown, dependency: string): void {
  if (!TOKEN_FAULTS.some((fault) => error instanceof fault)) {
    const message = `the keys of ${dependency} cannot be fetched`;
    throw new DomainError(ErrorReason.DEPENDENCY_DOWN, message, { dependency }, { cause: error });
  }
}
