import { createPrivateKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { type Clock, type Logger, TOKEN_ALGORITHM } from '@irisvue/runtime';
import {
  CompactSign,
  calculateJwkThumbprint,
  createLocalJWKSet,
  type JSONWebKeySet,
  type JWK,
  type JWTVerifyGetKey,
  SignJWT,
} from 'jose';
import type { Kysely } from 'kysely';
import { DEFAULT_ROTATION, type KeyPolicy, keysThatVerify, keyThatSigns, nextKeySignsFrom } from './key-rotation.ts';
import { seal, sealingKey, unseal } from './sealed-key.ts';
import { deleteKeysExcept, insertKey, lockKeys, readKeys, type SigningKeysTables } from './signing-key-store.ts';

// What is in memory is read anew after this: far less than the lead with which a new key is published.
const RELOAD_MS = 60_000;
// After a failed read the next one waits this long: a database that is down must not slow down every signature.
const RETRY_MS = 5_000;

/** A stored key does not open: it was sealed under another secret, or was changed. */
export class SigningKeysUnreadable extends Error {
  constructor(kid: string, cause: unknown) {
    super(`signing key ${kid} does not open: IRISVUE_KEY_SECRET is not the one that sealed it`, { cause });
    this.name = 'SigningKeysUnreadable';
  }
}

/** A JWT and its end. */
export interface SignedToken {
  readonly token: string;
  readonly expiresAt: Date;
}

/** A signed document, and the public key that verifies it for whoever keeps that. */
export interface SignedDocument {
  readonly jws: string;
  readonly kid: string;
  readonly publicJwk: JWK;
}

/** The Ed25519 keys of one service. They rotate by themselves, while they are used. */
export interface SigningKeys {
  /** Signs a JWT: claims, plus iat, exp after `lifetimeMs`, kid. */
  sign(o: {
    readonly issuer: string;
    readonly audience: string;
    readonly subject?: string;
    readonly claims?: Readonly<Record<string, unknown>>;
    readonly lifetimeMs: number;
  }): Promise<SignedToken>;
  /**
   * Signs a document that has no end: a JWS in compact form (RFC 7515) over JSON, with alg, kid and `typ`. Its key
   * leaves the key set in time: who wants it verified later keeps the public key.
   */
  signDocument(o: { readonly type: string; readonly payload: object }): Promise<SignedDocument>;
  /** The public halves of all keys that verify now, as RFC 7517 has it. */
  keySet(): Promise<JSONWebKeySet>;
  /** Finds the public key of a token, for the service that verifies its own. */
  readonly keyOf: JWTVerifyGetKey;
  /** Makes the successor of the newest key now, whatever its age, and gives its id. It signs after the publish lead. */
  rotate(): Promise<string>;
}

interface OpenKey {
  readonly kid: string;
  readonly signsFrom: Date;
  readonly publicJwk: JWK;
  readonly privateKey: KeyObject;
}

/**
 * Opens the signing keys in `db` (table of signingKeysTable), and makes the first one when there is none; of several
 * replicas that start at once, one makes it. A private key lies in the database only as AES-256-GCM under a key
 * derived from `secret`. Throws SigningKeysUnreadable when `secret` is not the one that sealed them.
 */
export async function openSigningKeys(o: {
  readonly db: Kysely<SigningKeysTables>;
  /** Name of the service: under the same secret, another service's keys do not open. */
  readonly service: string;
  readonly secret: string;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly longestTokenMs: number;
  readonly rotateAfterMs?: number;
  readonly publishLeadMs?: number;
}): Promise<SigningKeys> {
  const policy: KeyPolicy = { ...DEFAULT_ROTATION, ...definedOf(o), longestTokenMs: o.longestTokenMs };
  const sealing = sealingKey(o.secret, o.service);
  let loaded = await load();
  let loadedAt = o.clock.now().getTime();
  let reloading: Promise<void> | undefined;

  async function load(): Promise<readonly OpenKey[]> {
    const keys = await readOpenKeys(o.db, sealing);
    if (nextKeySignsFrom(keys, policy, o.clock.now()) === undefined) return keys;
    await addKey((now, rows) => nextKeySignsFrom(rows, policy, now));
    return readOpenKeys(o.db, sealing);
  }

  /** Under the lock, so that replicas which found the same gap fill it once. */
  async function addKey(
    signsFromOf: (now: Date, keys: readonly OpenKey[]) => Date | undefined,
  ): Promise<string | undefined> {
    return o.db.transaction().execute(async (trx) => {
      await lockKeys(trx);
      const now = o.clock.now();
      const keys = await readOpenKeys(trx, sealing);
      const signsFrom = signsFromOf(now, keys);
      if (signsFrom === undefined) return undefined;
      const made = await newKey(signsFrom, sealing);
      await insertKey(trx, made);
      const kept = keysThatVerify([...keys, made], policy, now).map((key) => key.kid);
      await deleteKeysExcept(trx, kept);
      o.logger.info({ kid: made.kid, signs_from: signsFrom }, 'made a signing key');
      return made.kid;
    });
  }

  async function keysNow(): Promise<readonly OpenKey[]> {
    if (o.clock.now().getTime() - loadedAt >= RELOAD_MS) {
      reloading ??= reload().finally(() => {
        reloading = undefined;
      });
      await reloading;
    }
    return loaded;
  }

  // While the database is out of reach the keys in memory stay good: tokens go on being signed and verified.
  async function reload(): Promise<void> {
    try {
      loaded = await load();
      loadedAt = o.clock.now().getTime();
    } catch (error) {
      loadedAt = o.clock.now().getTime() - RELOAD_MS + RETRY_MS;
      o.logger.warn({ err: error }, 'signing keys could not be read anew');
    }
  }

  async function keySet(): Promise<JSONWebKeySet> {
    const keys = keysThatVerify(await keysNow(), policy, o.clock.now());
    return { keys: keys.map((key) => key.publicJwk) };
  }

  return {
    async sign({ issuer, audience, subject, claims = {}, lifetimeMs }) {
      const now = o.clock.now();
      const key = keyThatSigns(await keysNow(), now);
      if (key === undefined) throw new Error('no signing key is in force');
      const expiresAt = wholeSeconds(now.getTime() + lifetimeMs);
      const jwt = new SignJWT(claims)
        .setProtectedHeader({ alg: TOKEN_ALGORITHM, kid: key.kid, typ: 'JWT' })
        .setIssuer(issuer)
        .setAudience(audience)
        .setIssuedAt(now)
        .setExpirationTime(expiresAt);
      if (subject !== undefined) jwt.setSubject(subject);
      return { token: await jwt.sign(key.privateKey), expiresAt };
    },
    async signDocument({ type, payload }) {
      const key = keyThatSigns(await keysNow(), o.clock.now());
      if (key === undefined) throw new Error('no signing key is in force');
      const jws = await new CompactSign(Buffer.from(JSON.stringify(payload)))
        .setProtectedHeader({ alg: TOKEN_ALGORITHM, kid: key.kid, typ: type })
        .sign(key.privateKey);
      return { jws, kid: key.kid, publicJwk: key.publicJwk };
    },
    keySet,
    keyOf: async (header, token) => createLocalJWKSet(await keySet())(header, token),
    async rotate() {
      const kid = await addKey((now) => new Date(now.getTime() + policy.publishLeadMs));
      loaded = await readOpenKeys(o.db, sealing);
      return kid!;
    },
  };
}

async function readOpenKeys(db: Kysely<SigningKeysTables>, sealing: Buffer): Promise<OpenKey[]> {
  const rows = await readKeys(db);
  return rows.map(({ kid, public_jwk, sealed_private_key, signs_from }) => {
    try {
      const key = unseal(sealing, kid, sealed_private_key);
      const privateKey = createPrivateKey({ key, format: 'der', type: 'pkcs8' });
      return { kid, signsFrom: signs_from, publicJwk: public_jwk, privateKey };
    } catch (error) {
      throw new SigningKeysUnreadable(kid, error);
    }
  });
}

async function newKey(signsFrom: Date, sealing: Buffer) {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const jwk = publicKey.export({ format: 'jwk' }) as JWK;
  const kid = await calculateJwkThumbprint(jwk);
  return {
    kid,
    signsFrom,
    publicJwk: { ...jwk, kid, alg: TOKEN_ALGORITHM, use: 'sig' },
    sealedPrivateKey: seal(sealing, kid, privateKey.export({ format: 'der', type: 'pkcs8' })),
  };
}

// A JWT's times are whole seconds: say the end that the token says.
function wholeSeconds(ms: number): Date {
  return new Date(Math.floor(ms / 1000) * 1000);
}

function definedOf(o: { readonly rotateAfterMs?: number; readonly publishLeadMs?: number }) {
  return {
    ...(o.rotateAfterMs !== undefined && { rotateAfterMs: o.rotateAfterMs }),
    ...(o.publishLeadMs !== undefined && { publishLeadMs: o.publishLeadMs }),
  };
}
