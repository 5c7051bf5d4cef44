import { type Clock, DomainError, ErrorReason, rethrowIfUnreachable } from '@irisvue/runtime';
import { createRemoteJWKSet, type JWTPayload, type JWTVerifyGetKey, jwtVerify } from 'jose';
import { z } from 'zod';
import type { ProviderName } from '../schema.ts';

// Keys that a provider took back are forgotten after this long at the latest.
const CACHE_MAX_AGE_MS = 10 * 60_000;
// An unknown key id makes the set be fetched again, but not more often: made-up tokens must not become a flood there.
const COOLDOWN_MS = 5_000;
const FETCH_TIMEOUT_MS = 5_000;
// What Apple and Google sign with, and what another OpenID provider is most likely to.
const ALGORITHMS = ['RS256', 'ES256'];

/** A provider as the operator set it up. */
export interface ProviderSettings {
  /** As its tokens name it; its configuration lies at `{issuer}/.well-known/openid-configuration`. */
  readonly issuer: string;
  /** Ids that the provider gave our clients: the audiences that are ours. None: the provider is not offered. */
  readonly clientIds: readonly string[];
}

/** Whom a provider vouches for. */
export interface ProvidedIdentity {
  readonly provider: ProviderName;
  /** The provider's id of its account, which never changes: claim `sub`. */
  readonly providerId: string;
  readonly email: string | undefined;
  /** Whether the provider has verified that e-mail. */
  readonly emailVerified: boolean;
  readonly nonce: string;
}

/**
 * Verifies an id_token as OpenID Connect Core 1.0 §3.1.3.7 has it: signature by a key of the provider, issuer,
 * audience, authorized party, expiry. Its nonce is given back, for the caller to compare. PROVIDER_NOT_AVAILABLE,
 * PROVIDER_TOKEN_INVALID {provider}; DEPENDENCY_DOWN {dependency: the provider} when its keys cannot be had.
 */
export type IdTokens = (provider: ProviderName, idToken: string) => Promise<ProvidedIdentity>;

const Claims = z.object({
  sub: z.string().min(1).max(255),
  nonce: z.string().min(1),
  email: z.email().max(254).optional(),
  // Apple writes it as a text at times.
  email_verified: z.union([z.boolean(), z.stringbool()]).optional(),
});

export function idTokens(o: {
  readonly providers: Readonly<Record<ProviderName, ProviderSettings>>;
  readonly clock: Clock;
}): IdTokens {
  const keysOf: Readonly<Record<ProviderName, JWTVerifyGetKey>> = {
    apple: discoveredKeys(o.providers.apple.issuer),
    google: discoveredKeys(o.providers.google.issuer),
  };
  return async (provider, idToken) => {
    const { issuer, clientIds } = o.providers[provider];
    if (clientIds.length === 0) {
      throw new DomainError(ErrorReason.PROVIDER_NOT_AVAILABLE, 'this provider is not set up here', { provider });
    }
    try {
      const { payload } = await jwtVerify(idToken, keysOf[provider], {
        issuer: issuersOf(issuer),
        audience: [...clientIds],
        algorithms: ALGORITHMS,
        requiredClaims: ['sub', 'exp', 'iat', 'nonce'],
        currentDate: o.clock.now(),
      });
      const claims = Claims.safeParse(payload);
      if (!claims.success || !isAuthorizedParty(payload, clientIds)) throw tokenInvalid(provider, claims.error);
      const { sub, email, email_verified, nonce } = claims.data;
      return { provider, providerId: sub, email, emailVerified: email_verified ?? false, nonce };
    } catch (error) {
      if (error instanceof DomainError) throw error;
      rethrowIfUnreachable(error, provider);
      throw tokenInvalid(provider, error);
    }
  };
}

/** The one answer to a token that is not good, whatever is wrong. */
export function tokenInvalid(provider: ProviderName, cause?: unknown): DomainError {
  return new DomainError(ErrorReason.PROVIDER_TOKEN_INVALID, 'the id_token is not good', { provider }, { cause });
}

// Google names itself with and without https:// (OpenID Connect of Google, "Validating an ID token").
function issuersOf(issuer: string): string[] {
  return issuer === 'https://accounts.google.com' ? [issuer, 'accounts.google.com'] : [issuer];
}

// A token for several audiences names the one it was made for.
function isAuthorizedParty({ aud, azp }: JWTPayload, clientIds: readonly string[]): boolean {
  return !Array.isArray(aud) || aud.length === 1 || clientIds.includes(String(azp));
}

const Configuration = z.object({ issuer: z.string(), jwks_uri: z.url({ protocol: /^https?$/ }) });

/** The keys of a provider, found by OpenID Connect Discovery 1.0 §4 when first needed. A failure is tried again. */
function discoveredKeys(issuer: string): JWTVerifyGetKey {
  let found: Promise<JWTVerifyGetKey> | undefined;
  const discover = async (): Promise<JWTVerifyGetKey> => {
    const url = `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`;
    const answer = await fetch(url, { signal: AbortSignal.timeout(FETCH_TIMEOUT_MS) });
    const configuration = Configuration.parse(await answer.json());
    if (configuration.issuer !== issuer) throw new Error(`${url} tells of another issuer`);
    return createRemoteJWKSet(new URL(configuration.jwks_uri), {
      cacheMaxAge: CACHE_MAX_AGE_MS,
      cooldownDuration: COOLDOWN_MS,
      timeoutDuration: FETCH_TIMEOUT_MS,
    });
  };
  return async (header, token) => {
    found ??= discover().catch((error: unknown) => {
      found = undefined;
      throw error;
    });
    return (await found)(header, token);
  };
}
