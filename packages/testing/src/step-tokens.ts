import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  CAPABILITY_AUDIENCE,
  CAPABILITY_ISSUER,
  SERVICE_AUDIENCE,
  TOKEN_ALGORITHM,
  TOKEN_ISSUER,
} from '@irisvue/runtime';
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose';

/** The work that a capability is for. */
export interface CapableStep {
  readonly job: string;
  readonly step: string;
  readonly attempt: number;
}

/** Tokens that a vision service asks for, and the keys to verify them: stands for identity and consent at the port. */
export interface StepTokens extends AsyncDisposable {
  /** Base URL for both IRISVUE_IDENTITY_URL and IRISVUE_CONSENT_URL. */
  readonly url: string;
  service(name: string): Promise<string>;
  capability(step: CapableStep): Promise<string>;
  /** Like a capability, but signed with a key that nobody serves. */
  forgedCapability(step: CapableStep): Promise<string>;
}

/** Serves a fresh key set on a free loopback port. */
export async function startStepTokens(): Promise<StepTokens> {
  const served = await generateKeyPair(TOKEN_ALGORITHM);
  const unknown = await generateKeyPair(TOKEN_ALGORITHM);
  const kid = 'step-tokens';
  const jwks = { keys: [{ ...(await exportJWK(served.publicKey)), kid, alg: TOKEN_ALGORITHM, use: 'sig' }] };
  const server = createServer((_request, response) => {
    response.setHeader('content-type', 'application/json').end(JSON.stringify(jwks));
  });
  const listening = Promise.withResolvers<void>();
  server.listen(0, '127.0.0.1', listening.resolve);
  await listening.promise;

  const sign = (payload: JWTPayload, issuer: string, audience: string, key = served.privateKey): Promise<string> =>
    new SignJWT(payload)
      .setProtectedHeader({ alg: TOKEN_ALGORITHM, kid })
      .setIssuer(issuer)
      .setAudience(audience)
      .setIssuedAt()
      .setExpirationTime('1m')
      .sign(key);
  const claims = (step: CapableStep): JWTPayload => ({
    subjects: [{ id: '01900000-0000-7000-8000-000000000001', kind: 'synthetic' }],
    purpose: 'data_processing',
    ...step,
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    service: (name) => sign({ sub: `service:${name}` }, TOKEN_ISSUER, SERVICE_AUDIENCE),
    capability: (step) => sign(claims(step), CAPABILITY_ISSUER, CAPABILITY_AUDIENCE),
    forgedCapability: (step) => sign(claims(step), CAPABILITY_ISSUER, CAPABILITY_AUDIENCE, unknown.privateKey),
    [Symbol.asyncDispose]: async () => {
      const closed = Promise.withResolvers<void>();
      server.close(() => closed.resolve());
      server.closeAllConnections();
      await closed.promise;
    },
  };
}
