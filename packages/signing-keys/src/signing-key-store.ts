import type { JWK } from 'jose';
import { type JSONColumnType, type Kysely, sql, type Transaction } from 'kysely';

/** One Ed25519 key pair (RFC 8037). */
export interface SigningKeyRow {
  /** RFC 7638 thumbprint of the public key. */
  kid: string;
  public_jwk: JSONColumnType<JWK, string, never>;
  /** PKCS #8, sealed. */
  sealed_private_key: Buffer;
  signs_from: Date;
}

/** What a database that holds signing keys has. */
export interface SigningKeysTables {
  signing_keys: SigningKeyRow;
}

/** Part of an up-migration: creates the table. */
export async function signingKeysTable<DB>(db: Kysely<DB>): Promise<void> {
  await sql`
    CREATE TABLE signing_keys (
      kid text PRIMARY KEY,
      public_jwk jsonb NOT NULL,
      sealed_private_key bytea NOT NULL,
      signs_from timestamptz NOT NULL UNIQUE
    )`.execute(db);
}

/** Every key that there is. */
export function readKeys(db: Kysely<SigningKeysTables>) {
  return db.selectFrom('signing_keys').selectAll().execute();
}

/** Lets one replica at a time decide about a new key; the lock ends with the transaction. Reads are not held up. */
export async function lockKeys(trx: Transaction<SigningKeysTables>): Promise<void> {
  await sql`LOCK TABLE signing_keys IN EXCLUSIVE MODE`.execute(trx);
}

export async function insertKey(
  trx: Transaction<SigningKeysTables>,
  key: { kid: string; publicJwk: JWK; sealedPrivateKey: Buffer; signsFrom: Date },
): Promise<void> {
  await trx
    .insertInto('signing_keys')
    .values({
      kid: key.kid,
      public_jwk: JSON.stringify(key.publicJwk),
      sealed_private_key: key.sealedPrivateKey,
      signs_from: key.signsFrom,
    })
    .execute();
}

export async function deleteKeysExcept(trx: Transaction<SigningKeysTables>, kids: readonly string[]): Promise<void> {
  await trx.deleteFrom('signing_keys').where('kid', 'not in', kids).execute();
}
