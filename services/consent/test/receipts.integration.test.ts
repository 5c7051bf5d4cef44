import { ConsentPurpose, Jurisdiction } from '@irisvue/contracts/irisvue/consent/v1/consent_service';
import { newId } from '@irisvue/database';
import { type ConsentRecord, ReceiptInvalid, verifyReceipt } from '@irisvue/receipts';
import { openSigningKeys } from '@irisvue/signing-keys';
import { decodeProtectedHeader, type JSONWebKeySet } from 'jose';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type StartedConsent, startConsent } from './started-consent.ts';

const { BIOMETRIC_CAPTURE, MARKETING } = ConsentPurpose;
const MINUTE_MS = 60_000;

let consent: StartedConsent;
beforeAll(async () => {
  consent = await startConsent();
});
afterAll(() => consent[Symbol.asyncDispose]());

const keys = async (): Promise<JSONWebKeySet> => JSON.parse((await consent.publicApi().listReceiptKeys({})).jwks);
const verified = async (jws: string): Promise<ConsentRecord> => verifyReceipt(jws, await keys());
const kidOf = (jws: string) => decodeProtectedHeader(jws).kid;
type User = Awaited<ReturnType<StartedConsent['user']>>;

async function granting(
  user: User,
  o: { jurisdiction?: Jurisdiction; purpose?: ConsentPurpose; recipients?: string[] },
) {
  const { jurisdiction = Jurisdiction.GENERIC, purpose = BIOMETRIC_CAPTURE, recipients = [] } = o;
  const { notice } = await user.api.getNotice({ purpose, jurisdiction, recipients, language: 'de' });
  const answer = await user.api.grantConsent({
    ...{ requestId: newId(), subject: user.subject, purpose, jurisdiction, recipients, fullAge: true },
    ...{ noticeId: notice!.id, noticeSha256: notice!.sha256, signature: notice!.signatureRequired ? 'Alex' : '' },
  });
  return { notice: notice!, consent: answer.consent!, receipt: answer.receipt };
}
const withdrawing = (user: User, purpose: ConsentPurpose = BIOMETRIC_CAPTURE) =>
  user.api.withdrawConsent({ requestId: newId(), subject: user.subject, purpose });

describe('a receipt (CR-14)', () => {
  test('answers a grant, verifies, and has the mandatory parts of ISO/IEC TS 27560', async () => {
    const user = await consent.user();
    const { notice, consent: granted, receipt } = await granting(user, { jurisdiction: Jurisdiction.GDPR });
    const record = await verified(receipt);
    expect(record).toMatchObject({
      header: { schema_version: 'ISO/IEC TS 27560:2023', record_id: granted.id },
      processing: [
        {
          purpose: 'biometric_capture',
          notice: { id: 'gdpr/biometric_capture/de', version: notice.version, language: 'de', sha256: notice.sha256 },
          lawful_basis: expect.stringContaining('9(2)(a) GDPR'),
          personal_data: [{ type: expect.stringContaining('iris'), special_category: true }],
          controllers: ['controller'],
          storage_locations: ['Dublin, Ireland'],
          retention_period: { months_after_last_interaction: 36, policy: { version: '2025-01-01' } },
          jurisdiction: { code: 'gdpr' },
          third_party_recipients: [],
          withdrawal_method: expect.stringContaining('WithdrawConsent'),
        },
      ],
      parties: [
        {
          ...{ id: 'controller', name: 'Iris Atelier Ltd', address: '1 Example Road, Dublin' },
          ...{ contact: 'privacy@atelier.example', type: 'controller' },
        },
      ],
      events: [
        { entity: 'controller', state: 'requested' },
        { state: 'given', type: 'explicit', validity: { until: null } },
      ],
    });
    expect(record.events[1]!.entity).toBe(record.header.principal_id);
    expect(record.events[1]!.time).toBe(consent.clock.now().toISOString());
  });

  test('of a withdrawal tells what was given and when it ended', async () => {
    const user = await consent.user();
    await granting(user, {});
    const givenAt = consent.clock.now().toISOString();
    consent.pass(60_000);
    const { events, processing } = await verified((await withdrawing(user)).receipt);
    expect(events.map(({ state, time }) => ({ state, time })).slice(1)).toEqual([
      { state: 'given', time: givenAt },
      { state: 'withdrawn', time: consent.clock.now().toISOString() },
    ]);
    expect(processing[0]!.notice).toBeDefined();
  });

  test('of a no without a yes before it says refused', async () => {
    const user = await consent.user();
    const { events } = await verified((await withdrawing(user, MARKETING)).receipt);
    expect(events.map(({ state }) => state)).toEqual(['refused']);
  });

  test('states terms, recipients and the signature as the law and the person have it', async () => {
    const user = await consent.user();
    const { receipt } = await granting(user, { jurisdiction: Jurisdiction.UNSPECIFIED, recipients: ['printer'] });
    const record = await verified(receipt);
    expect(record.processing[0]).toMatchObject({
      retention_period: { months_after_last_interaction: 36, months_after_purpose: 12 },
      jurisdiction: { code: 'strictest' },
      third_party_recipients: ['printer'],
    });
    expect(record.parties[1]).toMatchObject({
      id: 'printer',
      name: 'Print Works, Cork',
      type: 'third_party_recipient',
    });
    expect(record.events[1]).toMatchObject({ type: 'explicit_signed', signature_sha256: expect.any(String) });
    const marketing = await granting(user, { jurisdiction: Jurisdiction.UK, purpose: MARKETING });
    expect((await verified(marketing.receipt)).processing[0]).toMatchObject({
      lawful_basis: 'consent: article 6(1)(a) UK GDPR',
      personal_data: [{ type: 'e-mail address', special_category: false }],
    });
  });

  test('names nobody: neither account, nor address, nor the name that signed', async () => {
    const user = await consent.user({ 'x-forwarded-for': '203.0.113.20' });
    const { receipt } = await granting(user, { jurisdiction: Jurisdiction.BIPA });
    const text = JSON.stringify(await verified(receipt));
    for (const name of [user.id, '203.0.113.20', 'Alex', '@example']) expect(text).not.toContain(name);
  });

  test('is the same, byte by byte, for a repeat of the call and in the list', async () => {
    const user = await consent.user();
    const { receipt } = await granting(user, {});
    const again = await granting(user, {});
    expect(again.receipt).toBe(receipt);
    expect((await user.api.listReceipts({})).receipts.map(({ jws }) => jws)).toEqual([receipt]);
  });

  test('verifies for ever: also after the key that signed it has left the key set', async () => {
    const user = await consent.user();
    const { receipt, consent: granted } = await granting(user, {});
    const replica = await openSigningKeys({
      db: consent.db.$pickTables<'signing_keys'>(),
      service: 'consent',
      secret: 'key secret of the tests, 32 characters at least',
      clock: consent.clock,
      logger: consent.logger,
      longestTokenMs: 60_000,
    });
    await replica.rotate();
    consent.pass(20 * MINUTE_MS);
    const later = await granting(await consent.user(), {});
    const served = (await (await fetch(`${consent.url}/.well-known/jwks.json`)).json()) as JSONWebKeySet;
    await expect(verifyReceipt(receipt, served)).rejects.toThrow(ReceiptInvalid);
    expect((await verified(receipt)).header.record_id).toBe(granted.id);
    expect((await verified(later.receipt)).header.record_id).toBe(later.consent.id);
    expect(kidOf(later.receipt)).not.toBe(kidOf(receipt));
  });

  test('that was cut off is made when the list is asked for', async () => {
    const user = await consent.user();
    await granting(user, {});
    const [before] = (await user.api.listReceipts({})).receipts;
    const id = newId();
    await sql`
      INSERT INTO consent_events (id, principal_id, subject_kind, given_by, purpose, jurisdiction, state, created_at)
      SELECT ${id}, principal_id, subject_kind, given_by, purpose, jurisdiction, 'withdrawn', ${consent.clock.now()}
      FROM consent_events WHERE id = ${before!.id}`.execute(consent.db);
    const { receipts } = await user.api.listReceipts({});
    expect(receipts.map((receipt) => receipt.id)).toEqual([id, before!.id]);
    expect((await verified(receipts[0]!.jws)).events.at(-1)!.state).toBe('withdrawn');
  });
});

describe('the list of receipts', () => {
  test('is the caller’s own, newest first, in pages', async () => {
    const [user, other] = [await consent.user(), await consent.user()];
    for (let i = 0; i < 2; i++) {
      await granting(user, {});
      await withdrawing(user);
    }
    await granting(other, {});
    const first = await user.api.listReceipts({ pageSize: 3 });
    const second = await user.api.listReceipts({ pageSize: 3, pageToken: first.nextPageToken });
    const states = await Promise.all(
      [...first.receipts, ...second.receipts].map(async ({ jws }) => (await verified(jws)).events.at(-1)!.state),
    );
    expect(states).toEqual(['withdrawn', 'given', 'withdrawn', 'given']);
    expect(second.nextPageToken).toBe('');
  });

  test('cannot be changed afterwards', async () => {
    for (const change of [sql`UPDATE receipts SET jws = ''`, sql`DELETE FROM receipts`, sql`TRUNCATE receipts`]) {
      await expect(change.execute(consent.db)).rejects.toThrow(/only ever added/);
    }
  });
});
