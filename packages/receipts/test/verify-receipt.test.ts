import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { CompactSign, type JWK } from 'jose';
import { beforeAll, describe, expect, test } from 'vitest';
import { type ConsentRecord, consentRecord, RECEIPT_TYPE, RECORD_SCHEMA, verifyReceipt } from '../src/index.ts';

const principal = '7d0d6a5e-3c1f-4a3e-9b51-0f8f1b1f2a11';
const time = '2026-11-21T12:00:00.000Z';
const record: ConsentRecord = {
  header: { schema_version: RECORD_SCHEMA, record_id: '019aa5b7-6f5e-7c21-8a44-1f2e3d4c5b6a', principal_id: principal },
  processing: [
    {
      purpose: 'data_processing',
      purpose_description: 'making iris art',
      notice: { id: 'gdpr/data_processing/en', version: '2026-11-21', language: 'en', sha256: 'a'.repeat(64) },
      lawful_basis: 'explicit consent',
      personal_data: [{ type: 'photo of an eye', special_category: true }],
      controllers: ['controller'],
      storage_locations: ['Dublin, Ireland'],
      retention_period: { description: 'until deleted', months_after_last_interaction: 36 },
      jurisdiction: { code: 'gdpr', law: 'GDPR' },
      third_party_recipients: [],
      withdrawal_method: 'WithdrawConsent',
    },
  ],
  parties: [{ id: 'controller', name: 'Iris Atelier Ltd', address: 'Dublin', contact: 'x', type: 'controller' }],
  events: [{ time, validity: { from: time, until: null }, entity: principal, type: 'explicit', state: 'given' }],
};

let key: KeyObject;
let jwk: JWK;
beforeAll(() => {
  ({ privateKey: key, jwk } = keyPair('one'));
});

function keyPair(kid: string) {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  return { privateKey, jwk: { ...(publicKey.export({ format: 'jwk' }) as JWK), kid, alg: 'EdDSA', use: 'sig' } };
}
const signed = (payload: unknown, header: { typ?: string; kid?: string } = {}, by = key) =>
  new CompactSign(Buffer.from(typeof payload === 'string' ? payload : JSON.stringify(payload)))
    .setProtectedHeader({ alg: 'EdDSA', kid: 'one', typ: RECEIPT_TYPE, ...header })
    .sign(by);

describe('a receipt', () => {
  test('verifies by the public keys alone, and gives its record', async () => {
    const other = keyPair('two').jwk;
    expect(await verifyReceipt(`${await signed(record)}\n`, { keys: [other, jwk] })).toEqual(record);
  });

  test.each([
    ['changed in one character of its record', async (jws: string) => jws.replace(/\.(.{40})./, '.$1_'), /signature/],
    ['cut off', async (jws: string) => jws.slice(0, -30), /signature|signed document/],
    ['that is no JWS', async () => 'a receipt', /signed document/],
    ['signed by a stranger under a known key id', () => signed(record, {}, keyPair('one').privateKey), /signature/],
    ['signed by a key that is not in the set', () => signed(record, { kid: 'three' }), /no key/],
    ['of another kind', () => signed(record, { typ: 'JWT' }), /it is a JWT/],
    ['whose record lacks a mandatory field', () => signed({ ...record, parties: [] }), /well-formed/],
    ['whose record is no JSON', () => signed('{'), /well-formed/],
  ])('%s is refused', async (_, change, problem) => {
    await expect(verifyReceipt(await change(await signed(record)), { keys: [jwk] })).rejects.toThrow(problem);
  });
});

test.each([
  ['an e-mail address beside the principal', { header: { ...record.header, email: 'x@y.example' } }],
  ['no schema version', { header: { ...record.header, schema_version: '1' } }],
  ['no events', { events: [] }],
  ['no processing', { processing: [] }],
])('a record with %s is none', (_, over) => {
  expect(consentRecord.safeParse({ ...record, ...over }).success).toBe(false);
});
