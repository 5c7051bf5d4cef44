import type { webcrypto } from 'node:crypto';
import { exportJWK, generateKeyPair, type JWK, type JWTPayload, SignJWT } from 'jose';
import { type RunningServer, sendJson } from '../src/index.ts';
import { started } from './started.ts';

/** Signs tokens, and serves its public keys as identity and consent do. */
export interface Issuer extends AsyncDisposable {
  readonly url: string;
  /** How often the keys were fetched. */
  readonly fetches: () => number;
  /** From now on signs with a new key; the old one is no longer served. */
  rotate(): Promise<void>;
  sign(payload: JWTPayload, o: { readonly expiresAt: Date; readonly issuer?: string }): Promise<string>;
}

export async function startIssuer(issuer: string): Promise<Issuer> {
  let generation = 0;
  let fetches = 0;
  let current = await newKey(`key-${generation}`);
  const server: RunningServer = await started(() => {}, {
    http(request, response) {
      if (request.url !== '/.well-known/jwks.json') {
        return false;
      }
      fetches++;
      sendJson(response, 200, { keys: [current.jwk] });
      return true;
    },
  });
  return {
    url: server.url,
    fetches: () => fetches,
    async rotate() {
      generation++;
      current = await newKey(`key-${generation}`);
    },
    sign: (payload, o) =>
      new SignJWT(payload)
        .setProtectedHeader({ alg: 'EdDSA', kid: current.jwk.kid! })
        .setIssuer(o.issuer ?? issuer)
        .setExpirationTime(Math.floor(o.expiresAt.getTime() / 1000))
        .sign(current.privateKey),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

async function newKey(kid: string): Promise<{ jwk: JWK; privateKey: webcrypto.CryptoKey }> {
  const { publicKey, privateKey } = await generateKeyPair('EdDSA', { crv: 'Ed25519' });
  return { jwk: { ...(await exportJWK(publicKey)), kid, alg: 'EdDSA', use: 'sig' }, privateKey };
}
