import { type Database, openDatabase } from '@irisvue/database';
import { createLogger } from '@irisvue/runtime';
import { createTestDatabase, type TestDatabase } from '@irisvue/testing';
import { decodeProtectedHeader, jwtVerify } from 'jose';
import { sql } from 'kysely';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openSigningKeys, type SigningKeysTables, SigningKeysUnreadable, signingKeysTable } from '../src/index.ts';

const MINUTE_MS = 60_000;
const LEAD_MS = 15 * MINUTE_MS;
const TOKEN_MS = 30 * MINUTE_MS;
const logger = createLogger({ service: 'test', level: 'silent' });
const token = { issuer: 'i', audience: 'a', subject: 's', lifetimeMs: TOKEN_MS };

let database: TestDatabase;
let db: Database<SigningKeysTables>;
let now: Date;
const clock = { now: () => now };
const pass = (ms: number) => {
  now = new Date(now.getTime() + ms);
};
const open = (o: { secret?: string; rotateAfterMs?: number } = {}) =>
  openSigningKeys({ db, service: 'test', secret: 'secret of the test', clock, logger, longestTokenMs: TOKEN_MS, ...o });
const kidOf = (jwt: string) => decodeProtectedHeader(jwt).kid;

beforeEach(async () => {
  now = new Date('2026-01-01T00:00:00Z');
  database = await createTestDatabase('signing_keys', async (url) => {
    const template = openDatabase<SigningKeysTables>(url, { logger });
    await signingKeysTable(template);
    await template.destroy();
  });
  db = openDatabase<SigningKeysTables>(database.url, { logger });
});
afterEach(async () => {
  await db.destroy();
  await database[Symbol.asyncDispose]();
});

test('replicas that start at once share one first key', async () => {
  const replicas = await Promise.all([open(), open(), open(), open()]);
  const kids = new Set(await Promise.all(replicas.map(async (keys) => kidOf((await keys.sign(token)).token))));
  expect(kids.size).toBe(1);
  expect(await db.selectFrom('signing_keys').selectAll().execute()).toHaveLength(1);
});

test('a token says what was asked and ends when it says', async () => {
  const keys = await open();
  const signed = await keys.sign({ ...token, claims: { sid: 'x' } });
  const { payload } = await jwtVerify(signed.token, keys.keyOf, { currentDate: now, algorithms: ['EdDSA'] });
  expect(payload).toEqual({ iss: 'i', aud: 'a', sub: 's', sid: 'x', iat: 1767225600, exp: 1767225600 + 1800 });
  expect(signed.expiresAt).toEqual(new Date('2026-01-01T00:30:00Z'));
});

test('rotation overlaps: published, then signing, and the old key verifies until its last token has ended', async () => {
  const keys = await open();
  const oldKid = kidOf((await keys.sign(token)).token);
  const newKid = await keys.rotate();
  expect((await keys.keySet()).keys.map((key) => key.kid)).toEqual([newKid, oldKid]);
  expect(kidOf((await keys.sign(token)).token)).toBe(oldKid);

  pass(LEAD_MS - 1_000);
  const last = (await keys.sign(token)).token;
  expect(kidOf(last)).toBe(oldKid);
  pass(1_000);
  expect(kidOf((await keys.sign(token)).token)).toBe(newKid);

  pass(TOKEN_MS - 2_000);
  await expect(jwtVerify(last, keys.keyOf, { currentDate: now })).resolves.toBeDefined();
  pass(2_001);
  expect((await keys.keySet()).keys.map((key) => key.kid)).toEqual([newKid]);
  await expect(jwtVerify(last, keys.keyOf, { currentDate: now })).rejects.toThrow();
});

test('keys rotate by themselves, once for all replicas, and ended ones leave the database', async () => {
  const [one, other] = await Promise.all([open(), open()]);
  const first = kidOf((await one.sign(token)).token);
  pass(30 * 24 * 60 * MINUTE_MS);
  await Promise.all([one.keySet(), other.keySet()]);
  expect(await db.selectFrom('signing_keys').selectAll().execute()).toHaveLength(2);
  pass(LEAD_MS);
  const second = kidOf((await other.sign(token)).token);
  expect(second).not.toBe(first);
  expect(kidOf((await one.sign(token)).token)).toBe(second);
  pass(30 * 24 * 60 * MINUTE_MS);
  await one.keySet();
  const rows = await db.selectFrom('signing_keys').select('kid').execute();
  expect(rows.map((row) => row.kid)).not.toContain(first);
});

test('a private key lies in the database sealed only', async () => {
  await open();
  const { rows } = await sql<{ row: string }>`select signing_keys::text as row from signing_keys`.execute(db);
  expect(rows[0]!.row).not.toMatch(/"d":/);
  const { sealed_private_key } = await db.selectFrom('signing_keys').selectAll().executeTakeFirstOrThrow();
  // The prefix of every Ed25519 key in PKCS #8 (RFC 8410).
  expect(sealed_private_key.includes(Buffer.from('302e020100300506032b6570', 'hex'))).toBe(false);
});

test('another secret is refused at once, by name', async () => {
  await open();
  await expect(open({ secret: 'not the secret' })).rejects.toThrow(SigningKeysUnreadable);
});

test('while the database is out of reach tokens are still signed and verified', async () => {
  const keys = await open();
  await database[Symbol.asyncDispose]();
  pass(2 * MINUTE_MS);
  const signed = await keys.sign(token);
  await expect(jwtVerify(signed.token, keys.keyOf, { currentDate: now })).resolves.toBeDefined();
});
