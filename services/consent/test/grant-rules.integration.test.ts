import { ConsentPurpose, Jurisdiction, SubjectKind } from '@irisvue/contracts/irisvue/consent/v1/consent_service';
import { newId } from '@irisvue/database';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { signatureDigest } from '../src/signatures.ts';
import { sha256 } from '../src/versioned-text.ts';
import { refusal } from './refusal.ts';
import { type StartedConsent, startConsent } from './started-consent.ts';

const { BIOMETRIC_CAPTURE, DATA_PROCESSING, MARKETING } = ConsentPurpose;

let consent: StartedConsent;
beforeAll(async () => {
  consent = await startConsent({ subjectKinds: 'self,minor,synthetic' });
});
afterAll(() => consent[Symbol.asyncDispose]());

type User = Awaited<ReturnType<StartedConsent['user']>>;

/** Looks at a notice and makes the request to grant it, with nothing declared and nothing signed. */
async function request(user: User, o: { purpose?: ConsentPurpose; jurisdiction?: Jurisdiction; kind?: SubjectKind }) {
  const { purpose = BIOMETRIC_CAPTURE, jurisdiction = Jurisdiction.GENERIC } = o;
  const { notice } = await user.api.getNotice({ purpose, jurisdiction });
  const subject = { id: user.id, kind: o.kind ?? SubjectKind.SELF };
  const named = { noticeId: notice!.id, noticeSha256: notice!.sha256 };
  return { requestId: newId(), subject, purpose, jurisdiction, ...named };
}

describe('the retention policy (CR-05)', () => {
  test('is open to everybody, and kept by the hash of its text as a grant names it', async () => {
    const { policy } = await consent.publicApi().getRetentionPolicy({ language: 'de-CH' });
    expect(policy).toMatchObject({ version: '2025-01-01', language: 'de', sha256: sha256(policy!.body) });
    expect(policy!.body).toContain('Iris Atelier Ltd');

    const user = await consent.user();
    const granted = await user.grant();
    expect(granted.policyVersion).toBe(policy!.version);
    const kept = await consent.db
      .selectFrom('consent_events')
      .innerJoin('retention_policies', 'sha256', 'policy_sha256')
      .select(['body', 'retention_policies.version', 'sha256'])
      .where('consent_events.id', '=', granted.id)
      .executeTakeFirstOrThrow();
    expect(kept.sha256).toBe(sha256(kept.body));
  });

  test('that is not yet in force lets nobody consent', async () => {
    await using early = await startConsent({ now: new Date('2024-12-31T23:00:00Z') });
    const user = await early.user();
    const refused = {
      code: 'FailedPrecondition',
      reason: 'POLICY_NOT_IN_FORCE',
      metadata: { in_force_time: '2025-01-01T00:00:00.000Z' },
    };
    expect(await refusal(early.publicApi().getRetentionPolicy({}))).toEqual(refused);
    expect(await refusal(user.api.getNotice({ purpose: BIOMETRIC_CAPTURE }))).toEqual(refused);
    const grant = {
      requestId: newId(),
      subject: user.subject,
      purpose: BIOMETRIC_CAPTURE,
      noticeId: 'strictest/biometric_capture/en',
      noticeSha256: 'a'.repeat(64),
      fullAge: true,
    };
    expect(await refusal(user.api.grantConsent(grant))).toEqual(refused);
    early.pass(30 * 60_000);
    expect((await refusal(user.api.getNotice({ purpose: BIOMETRIC_CAPTURE }))).reason).toBe('POLICY_NOT_IN_FORCE');
    early.pass(30 * 60_000);
    const { notice } = await (await early.user()).api.getNotice({ purpose: BIOMETRIC_CAPTURE });
    expect(notice?.policyVersion).toBe('2025-01-01');
  });
});

describe('a signature (CR-04)', () => {
  test.each([
    ['Illinois', Jurisdiction.BIPA, 'bipa'],
    ['an undeclared residence', Jurisdiction.UNSPECIFIED, 'strictest'],
  ])('is asked for under %s, and nothing is recorded without it', async (_, jurisdiction, name) => {
    const user = await consent.user();
    const unsigned = { ...(await request(user, { jurisdiction })), fullAge: true };
    for (const signature of ['', '   ']) {
      expect(await refusal(user.api.grantConsent({ ...unsigned, signature }))).toEqual({
        code: 'FailedPrecondition',
        reason: 'SIGNATURE_REQUIRED',
        metadata: { jurisdiction: name },
      });
    }
    expect((await user.api.listConsents({})).consents).toEqual([]);
  });

  test('is bound to the hash of the notice, and its name lies where it can be removed', async () => {
    const user = await consent.user();
    const signed = { ...(await request(user, { jurisdiction: Jurisdiction.BIPA })), fullAge: true };
    const granted = (await user.api.grantConsent({ ...signed, signature: ' Alex Example ' })).consent!;
    const event = () =>
      consent.db.selectFrom('consent_events').selectAll().where('id', '=', granted.id).executeTakeFirstOrThrow();
    const { name, salt } = await consent.db
      .selectFrom('event_signatures')
      .selectAll()
      .where('event_id', '=', granted.id)
      .executeTakeFirstOrThrow();
    const before = await event();
    expect(name).toBe('Alex Example');
    expect(signatureDigest({ name, salt, noticeSha256: signed.noticeSha256 })).toBe(before.signature_sha256);
    expect(JSON.stringify(before)).not.toContain('Alex');
    const renamed = sql`UPDATE event_signatures SET name = 'Kim' WHERE event_id = ${granted.id}`;
    await expect(renamed.execute(consent.db)).rejects.toThrow(/only ever added/);
    await consent.db.deleteFrom('event_signatures').where('event_id', '=', granted.id).execute();
    expect(await event()).toEqual(before);
  });

  test.each([
    ['under a law that asks for none', { jurisdiction: Jurisdiction.GDPR }],
    ['for marketing', { jurisdiction: Jurisdiction.BIPA, purpose: MARKETING }],
    ['for an eye that is nobody’s', { jurisdiction: Jurisdiction.BIPA, kind: SubjectKind.SYNTHETIC }],
  ])('is not needed %s, and a name is not kept then', async (_, over) => {
    const user = await consent.user();
    const grant = { ...(await request(user, over)), fullAge: true, signature: 'Alex Example' };
    const granted = (await user.api.grantConsent(grant)).consent!;
    const kept = await consent.db
      .selectFrom('event_signatures')
      .selectAll()
      .where('event_id', '=', granted.id)
      .execute();
    expect(kept).toEqual([]);
  });

  test('is announced by the notice', async () => {
    const user = await consent.user();
    const needed = async (jurisdiction: Jurisdiction, purpose: ConsentPurpose) =>
      (await user.api.getNotice({ jurisdiction, purpose })).notice!.signatureRequired;
    expect(await needed(Jurisdiction.BIPA, DATA_PROCESSING)).toBe(true);
    expect(await needed(Jurisdiction.BIPA, MARKETING)).toBe(false);
    expect(await needed(Jurisdiction.CUBI, DATA_PROCESSING)).toBe(false);
  });
});

describe('age (CR-02)', () => {
  test('has to be declared by whoever consents for themselves', async () => {
    const user = await consent.user();
    expect(await refusal(user.api.grantConsent(await request(user, {})))).toEqual({
      code: 'FailedPrecondition',
      reason: 'MINOR_NEEDS_REPRESENTATIVE',
      metadata: {},
    });
    expect((await user.api.listConsents({})).consents).toEqual([]);
  });

  test('is not asked of a synthetic eye', async () => {
    const user = await consent.user();
    const grant = await request(user, { kind: SubjectKind.SYNTHETIC });
    expect((await user.api.grantConsent(grant)).consent?.granted).toBe(true);
  });
});

describe('disclosure (CR-15)', () => {
  const denied = async (user: User, recipient: string) => {
    const checks = consent.checks(await consent.serviceToken('delivery'));
    const answer = await checks.checkDisclosure({ subjects: [user.subject], recipient, purpose: DATA_PROCESSING });
    return answer.denied.map(({ id }) => id);
  };

  test('is denied to whoever is not named in the consent', async () => {
    const user = await consent.user();
    expect(await denied(user, 'whatsapp')).toEqual([user.id]);
    await user.grant();
    expect(await denied(user, 'whatsapp')).toEqual([user.id]);
    const granted = await user.grant({ recipients: ['whatsapp'] });
    expect(granted.recipients).toEqual(['whatsapp']);
    expect(await denied(user, 'whatsapp')).toEqual([]);
    expect(await denied(user, 'printer')).toEqual([user.id]);
    expect(await denied(user, 'anybody')).toEqual([user.id]);
  });

  test('ends with the consent, and with a later consent that names nobody', async () => {
    const user = await consent.user();
    await user.grant({ recipients: ['whatsapp', 'printer'] });
    await user.grant();
    expect(await denied(user, 'whatsapp')).toEqual([user.id]);
    await user.grant({ recipients: ['whatsapp'] });
    expect((await user.withdraw()).recipients).toEqual([]);
    expect(await denied(user, 'whatsapp')).toEqual([user.id]);
  });

  test('is named in the notice, of recipients that are offered', async () => {
    const user = await consent.user();
    const { notice, offeredRecipients } = await user.api.getNotice({
      purpose: DATA_PROCESSING,
      recipients: ['printer'],
    });
    expect(notice!.body).toContain('Print Works, Cork');
    expect(offeredRecipients).toMatchObject([
      { id: 'whatsapp', description: 'Messages Ltd, Dublin' },
      { id: 'printer', description: 'Print Works, Cork' },
    ]);
    expect(await refusal(user.api.getNotice({ purpose: DATA_PROCESSING, recipients: ['postman'] }))).toEqual({
      code: 'InvalidArgument',
      reason: 'INVALID_FIELD',
      metadata: { field: 'recipients', limit: 'whatsapp,printer' },
    });
  });

  test('is not granted by a notice that did not name the recipient', async () => {
    const user = await consent.user();
    const grant = { ...(await request(user, { purpose: DATA_PROCESSING })), fullAge: true, recipients: ['whatsapp'] };
    expect((await refusal(user.api.grantConsent(grant))).reason).toBe('NOTICE_OUTDATED');
  });
});

test.each([
  [Jurisdiction.UK, 'uk'],
  [Jurisdiction.CUBI, 'cubi'],
  [Jurisdiction.WASHINGTON, 'washington'],
])('residence %s brings its own notice, and is recorded', async (jurisdiction, name) => {
  const user = await consent.user();
  const granted = await user.grant({ jurisdiction });
  expect(granted).toMatchObject({ jurisdiction, noticeId: `${name}/data_processing/en`, granted: true });
});
