import { TOKEN_ALGORITHM } from '@irisvue/runtime';
import type { SigningKeys } from '@irisvue/signing-keys';
import { compactVerify, decodeProtectedHeader, importJWK, type JSONWebKeySet, type JWK } from 'jose';
import type { JSONColumnType, Kysely } from 'kysely';

/** Public keys that ever signed a document. No row is ever removed: documents verify for ever. */
export interface EvidenceKeysTable {
  /** RFC 7638 thumbprint. */
  kid: string;
  public_jwk: JSONColumnType<JWK, string, never>;
}

export interface WithEvidenceKeys {
  evidence_keys: EvidenceKeysTable;
}

/** Signs what people keep, and reads it again. A document verifies for ever, whatever keys sign by then. */
export interface Evidence {
  /** A JWS in compact form (RFC 7515), EdDSA; `type` is its `typ`. */
  sign(type: string, payload: object): Promise<string>;
  /** The payload of a document of this type that was signed here; undefined for anything else. */
  read(type: string, jws: string): Promise<unknown>;
  /** The public keys of all documents that were ever signed. */
  keySet(): Promise<JSONWebKeySet>;
}

export function createEvidence<DB>(o: {
  readonly db: Kysely<DB>;
  readonly keys: Pick<SigningKeys, 'signDocument'>;
}): Evidence {
  const db = o.db as unknown as Kysely<WithEvidenceKeys>;
  const kept = new Set<string>();
  const keyOf = async (kid: string | undefined) => {
    if (kid === undefined) return undefined;
    const row = await db.selectFrom('evidence_keys').select('public_jwk').where('kid', '=', kid).executeTakeFirst();
    return row && importJWK(row.public_jwk, TOKEN_ALGORITHM);
  };
  return {
    async sign(type, payload) {
      const { jws, kid, publicJwk } = await o.keys.signDocument({ type, payload });
      if (!kept.has(kid)) {
        await db
          .insertInto('evidence_keys')
          .values({ kid, public_jwk: JSON.stringify(publicJwk) })
          .onConflict((conflict) => conflict.doNothing())
          .execute();
        kept.add(kid);
      }
      return jws;
    },
    async read(type, jws) {
      try {
        const { kid, typ } = decodeProtectedHeader(jws);
        const key = typ === type ? await keyOf(kid) : undefined;
        if (key === undefined) return undefined;
        const { payload } = await compactVerify(jws, key, { algorithms: [TOKEN_ALGORITHM] });
        return JSON.parse(Buffer.from(payload).toString()) as unknown;
      } catch (error) {
        if (isNoDocument(error)) return undefined;
        throw error;
      }
    },
    async keySet() {
      const rows = await db.selectFrom('evidence_keys').select('public_jwk').execute();
      return { keys: rows.map((row) => row.public_jwk) };
    },
  };
}

// What jose throws for bytes that are no JWS, or one with another signature; anything else is our own trouble.
function isNoDocument(error: unknown): boolean {
  const code = (error as { readonly code?: unknown }).code;
  return error instanceof TypeError || (typeof code === 'string' && /^ERR_J(WS|OSE)_/.test(code));
}
