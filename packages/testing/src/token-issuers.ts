import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  CAPABILITY_AUDIENCE,
  CAPABILITY_ISSUER,
  SERVICE_AUDIENCE,
  TOKEN_ALGORITHM,
  TOKEN_ISSUER,
  USER_AUDIENCE,
} from '@irisvue/runtime';
import { type CryptoKey, exportJWK, generateKeyPair, SignJWT } from 'jose';

/** What a capability is for. */
export interface Capability {
  readonly job: string;
  readonly step: string;
  readonly attempt?: number;
}

/** Signs as identity and as consent do, and serves the keys to verify it. */
export interface TokenIssuers extends AsyncDisposable {
  readonly url: string;
  serviceToken(service: string): Promise<string>;
  /** A user's access token, of a session that nobody began. */
  userToken(userId: string): Promise<string>;
  capability(of: Capability): Promise<string>;
  /** The same, signed by a key that nobody serves. */
  forgedCapability(of: Capability): Promise<string>;
}

/** A server on a free loopback port that is identity and consent as far as their tokens go. */
export async function startTokenIssuers(): Promise<TokenIssuers> {
  const ours = await generateKeyPair(TOKEN_ALGORITHM);
  const stranger = await generateKeyPair(TOKEN_ALGORITHM);
  const keys = JSON.stringify({ keys: [{ ...(await exportJWK(ours.publicKey)), kid: 'test', alg: TOKEN_ALGORITHM }] });
  const server = createServer((_, response) => response.setHeader('content-type', 'application/json').end(keys));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const sign = (key: CryptoKey, issuer: string, audience: string, claims: Record<string, unknown>) =>
    new SignJWT(claims)
      .setProtectedHeader({ alg: TOKEN_ALGORITHM, kid: 'test' })
      .setIssuer(issuer)
      .setAudience(audience)
      .setIssuedAt()
      .setExpirationTime('60s')
      .sign(key);
  const capability = (key: CryptoKey, { job, step, attempt = 1 }: Capability) =>
    sign(key, CAPABILITY_ISSUER, CAPABILITY_AUDIENCE, {
      subjects: [{ id: 'e5b2a2f4-0000-7000-8000-000000000001', kind: 'synthetic' }],
      purpose: 'data_processing',
      job,
      step,
      attempt,
    });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    serviceToken: (service) => sign(ours.privateKey, TOKEN_ISSUER, SERVICE_AUDIENCE, { sub: `service:${service}` }),
    userToken: (userId) => sign(ours.privateKey, TOKEN_ISSUER, USER_AUDIENCE, { sub: userId, sid: userId }),
    capability: (of) => capability(ours.privateKey, of),
    forgedCapability: (of) => capability(stranger.privateKey, of),
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
