import { createHash } from 'node:crypto';
import { ConsentPurpose, Jurisdiction, SubjectKind } from '@irisvue/contracts/irisvue/consent/v1/consent_service';
import { newId } from '@irisvue/database';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { refusal } from './refusal.ts';
import { type StartedConsent, startConsent } from './started-consent.ts';

let consent: StartedConsent;
beforeAll(async () => {
  consent = await startConsent({ subjectKinds: 'self,synthetic' });
});
afterAll(() => consent[Symbol.asyncDispose]());

const { DATA_PROCESSING, BIOMETRIC_CAPTURE, MARKETING } = ConsentPurpose;
const eventsOf = (subjectId: string) =>
  consent.db
    .selectFrom('consent_events')
    .innerJoin('principals', 'principals.principal_id', 'consent_events.principal_id')
    .leftJoin('event_addresses', 'event_id', 'id')
    .selectAll('consent_events')
    .select('ip_address')
    .where('subject_id', '=', subjectId)
    .orderBy('seq')
    .execute();

describe('a notice', () => {
  test('is served with its hash, and that it was is recorded apart from any choice', async () => {
    const user = await consent.user();
    const { notice } = await user.api.getNotice({
      purpose: DATA_PROCESSING,
      jurisdiction: Jurisdiction.BIPA,
      language: 'de-AT',
    });
    expect(notice).toMatchObject({ id: 'bipa/data_processing/de', language: 'de', jurisdiction: Jurisdiction.BIPA });
    expect(notice!.sha256).toBe(createHash('sha256').update(notice!.body).digest('hex'));
    const served = await consent.db
      .selectFrom('notices_served')
      .innerJoin('principals', 'principals.principal_id', 'notices_served.principal_id')
      .select('notice_sha256')
      .where('subject_id', '=', user.id)
      .execute();
    expect(served).toMatchObject([{ notice_sha256: notice!.sha256 }]);
    expect(await eventsOf(user.id)).toEqual([]);
  });

  test('is the strictest where no residence is declared', async () => {
    const user = await consent.user();
    const { notice } = await user.api.getNotice({ purpose: BIOMETRIC_CAPTURE });
    expect(notice?.id).toBe('strictest/biometric_capture/en');
  });

  test('stays readable by its hash', async () => {
    const user = await consent.user();
    const { noticeSha256 } = await user.grant();
    const kept = await consent.db
      .selectFrom('notices')
      .selectAll()
      .where('sha256', '=', noticeSha256)
      .executeTakeFirstOrThrow();
    expect(createHash('sha256').update(kept.body).digest('hex')).toBe(noticeSha256);
  });
});

describe('granting', () => {
  test('makes a consent that says what was shown', async () => {
    const user = await consent.user();
    const granted = await user.grant({ jurisdiction: Jurisdiction.GDPR });
    expect(granted).toMatchObject({
      subject: user.subject,
      purpose: DATA_PROCESSING,
      jurisdiction: Jurisdiction.GDPR,
      granted: true,
      noticeId: 'gdpr/data_processing/en',
    });
    expect(granted.grantTime).toBeDefined();
    expect(granted.withdrawTime).toBeUndefined();
    expect((await user.api.listConsents({})).consents).toEqual([granted]);
  });

  test('twice, or five times at once, is one grant', async () => {
    const user = await consent.user();
    const grants = await Promise.all(Array.from({ length: 5 }, () => user.grant()));
    expect(new Set(grants.map((granted) => granted.id)).size).toBe(1);
    expect(await eventsOf(user.id)).toHaveLength(1);
  });

  test('of one purpose is no grant of another', async () => {
    const user = await consent.user();
    await user.grant({ purpose: MARKETING });
    const checks = consent.checks(await consent.serviceToken('jobs'));
    const { pending } = await checks.checkConsent({ subjects: [user.subject], purpose: DATA_PROCESSING });
    expect(pending).toEqual([expect.objectContaining(user.subject)]);
  });

  test('of a synthetic subject is no grant for the person', async () => {
    const user = await consent.user();
    await user.grant({ kind: SubjectKind.SYNTHETIC });
    const synthetic = { id: user.id, kind: SubjectKind.SYNTHETIC };
    const checks = consent.checks(await consent.serviceToken('jobs'));
    const subjects = [synthetic, user.subject];
    const { pending } = await checks.checkConsent({ subjects, purpose: DATA_PROCESSING });
    expect(pending).toEqual([expect.objectContaining(user.subject)]);
  });

  test('on another text under another residence is a new event', async () => {
    const user = await consent.user();
    await user.grant({ jurisdiction: Jurisdiction.GENERIC });
    const later = await user.grant({ jurisdiction: Jurisdiction.CCPA });
    expect(later.jurisdiction).toBe(Jurisdiction.CCPA);
    expect(await eventsOf(user.id)).toHaveLength(2);
  });

  test('for somebody else is refused, whatever the kind of subject', async () => {
    const user = await consent.user();
    for (const kind of [SubjectKind.SELF, SubjectKind.SYNTHETIC]) {
      const request = { ...(await grantRequest(user)), subject: { id: newId(), kind } };
      expect(await refusal(user.api.grantConsent(request))).toEqual({
        code: 'PermissionDenied',
        reason: 'NOT_ALLOWED',
        metadata: { needed: 'own subject' },
      });
    }
  });

  test('for a kind of subject that the operator does not accept is refused', async () => {
    const user = await consent.user();
    const subject = { id: user.id, kind: SubjectKind.EVALUATION };
    expect(await refusal(user.api.grantConsent({ ...(await grantRequest(user)), subject }))).toEqual({
      code: 'PermissionDenied',
      reason: 'SUBJECT_KIND_NOT_ALLOWED',
      metadata: { subject_kind: 'evaluation' },
    });
  });

  test.each([
    ['with a hash that is not in force', { noticeSha256: 'a'.repeat(64) }],
    ['with the notice of another purpose', { noticeId: 'generic/marketing/en' }],
    ['with the notice of another residence', { noticeId: 'gdpr/data_processing/en' }],
    ['with a notice that there is not', { noticeId: '../../package.json' }],
    ['under a residence that was not shown', { jurisdiction: Jurisdiction.GDPR }],
  ])('%s is refused and recorded nowhere', async (_, over) => {
    const user = await consent.user();
    const { code, reason } = await refusal(user.api.grantConsent({ ...(await grantRequest(user)), ...over }));
    expect({ code, reason }).toEqual({ code: 'FailedPrecondition', reason: 'NOTICE_OUTDATED' });
    expect(await eventsOf(user.id)).toEqual([]);
  });

  test('on a notice that only somebody else was shown is refused', async () => {
    const reader = await consent.user();
    const user = await consent.user();
    const request = { ...(await grantRequest(reader)), subject: user.subject };
    expect(await refusal(user.api.grantConsent(request))).toEqual({
      code: 'FailedPrecondition',
      reason: 'NOTICE_OUTDATED',
      metadata: { notice_id: 'generic/data_processing/en' },
    });
  });

  test.each([
    ['purpose', { purpose: 0 }],
    ['purpose', { purpose: 9 }],
    ['jurisdiction', { jurisdiction: 99 }],
    ['subject', { subject: undefined }],
    ['subject.kind', { subject: { id: newId(), kind: 0 } }],
    ['subject.id', { subject: { id: 'me', kind: 1 } }],
    ['notice_sha256', { noticeSha256: 'A'.repeat(64) }],
    ['request_id', { requestId: '' }],
  ])('with a broken %s is refused', async (field, over) => {
    const user = await consent.user();
    const { code, metadata } = await refusal(
      user.api.grantConsent({ ...(await grantRequest(user)), ...(over as object) }),
    );
    expect({ code, field: metadata?.['field'] }).toEqual({ code: 'InvalidArgument', field });
  });

  test('keeps the address that the edge saw, or none, and says it nowhere else', async () => {
    const [seen, unseen] = [await consent.user({ 'x-forwarded-for': '203.0.113.7' }), await consent.user()];
    const granted = await seen.grant();
    await unseen.grant();
    expect((await eventsOf(seen.id))[0]?.ip_address).toBe('203.0.113.7');
    expect((await eventsOf(unseen.id))[0]?.ip_address).toBeNull();
    expect(JSON.stringify(granted, (_, value) => (typeof value === 'bigint' ? String(value) : value))).not.toContain(
      '203.0.113.7',
    );
    expect(consent.log.join('')).not.toContain('203.0.113.7');
  });
});

describe('withdrawing', () => {
  test('takes one call and keeps what was shown', async () => {
    const user = await consent.user();
    const granted = await user.grant({ jurisdiction: Jurisdiction.BIPA });
    consent.pass(1_000);
    const withdrawn = await user.withdraw();
    expect(withdrawn).toMatchObject({
      granted: false,
      jurisdiction: Jurisdiction.BIPA,
      noticeSha256: granted.noticeSha256,
      grantTime: granted.grantTime,
    });
    expect(withdrawn.withdrawTime?.seconds).toBe(granted.grantTime!.seconds + 1n);
  });

  test('twice is one withdrawal, and what was never granted can be refused', async () => {
    const user = await consent.user();
    const first = await user.withdraw();
    expect(first).toMatchObject({ granted: false, noticeId: '' });
    expect(await user.withdraw()).toEqual(first);
    expect(await eventsOf(user.id)).toHaveLength(1);
  });

  test('for somebody else is refused', async () => {
    const user = await consent.user();
    const other = await consent.user();
    await other.grant();
    const request = { requestId: newId(), subject: other.subject, purpose: DATA_PROCESSING };
    expect((await refusal(user.api.withdrawConsent(request))).reason).toBe('NOT_ALLOWED');
    expect((await other.api.listConsents({})).consents[0]?.granted).toBe(true);
  });

  test('is possible for a kind of subject that is not accepted (any more)', async () => {
    const user = await consent.user();
    expect((await user.withdraw({ kind: SubjectKind.EVALUATION })).granted).toBe(false);
  });

  test('is not undone by a late repeat of the grant before it', async () => {
    const user = await consent.user();
    const requestId = newId();
    await user.grant({ requestId });
    await user.withdraw();
    expect((await user.grant({ requestId })).granted).toBe(false);
    expect((await user.grant()).granted).toBe(true);
  });

  test('and granting at the same time leave a state that follows from the events', async () => {
    const user = await consent.user();
    await Promise.all([user.grant(), user.withdraw(), user.grant(), user.withdraw()]);
    const events = await eventsOf(user.id);
    const states = events.map((event) => event.state);
    expect(states).toEqual(states.filter((state, i) => state !== states[i - 1]));
    const [listed] = (await user.api.listConsents({})).consents;
    expect(listed).toMatchObject({ id: events.at(-1)!.id, granted: events.at(-1)!.state === 'granted' });
  });
});

test('a request id does not serve for two requests', async () => {
  const user = await consent.user();
  const requestId = newId();
  await user.grant({ requestId });
  const other = user.api.withdrawConsent({ requestId, subject: user.subject, purpose: DATA_PROCESSING });
  expect(await refusal(other)).toEqual({
    code: 'Aborted',
    reason: 'REQUEST_ID_REUSED',
    metadata: { request_id: requestId },
  });
});

test('a list holds the caller’s consents only, the newest first, one per purpose and kind', async () => {
  const [user, other] = [await consent.user(), await consent.user()];
  await user.grant({ purpose: BIOMETRIC_CAPTURE });
  await other.grant();
  await user.grant({ purpose: DATA_PROCESSING });
  await user.grant({ purpose: DATA_PROCESSING, kind: SubjectKind.SYNTHETIC });
  await user.withdraw({ purpose: BIOMETRIC_CAPTURE });
  const { consents } = await user.api.listConsents({});
  expect(consents.map(({ purpose, subject, granted }) => [purpose, subject?.kind, granted])).toEqual([
    [BIOMETRIC_CAPTURE, SubjectKind.SELF, false],
    [DATA_PROCESSING, SubjectKind.SYNTHETIC, true],
    [DATA_PROCESSING, SubjectKind.SELF, true],
  ]);
});

test.each(['consent_events', 'notices_served', 'notices', 'artwork_permission_events'])(
  'rows of %s cannot be changed, removed or cleared',
  async (table) => {
    const name = sql.table(table);
    for (const change of [sql`update ${name} set id = id`, sql`delete from ${name}`, sql`truncate ${name} cascade`]) {
      await expect(change.execute(consent.db)).rejects.toThrow(/only ever added/);
    }
  },
);

async function grantRequest(user: Awaited<ReturnType<StartedConsent['user']>>) {
  const { notice } = await user.api.getNotice({ purpose: DATA_PROCESSING, jurisdiction: Jurisdiction.GENERIC });
  return {
    requestId: newId(),
    subject: user.subject,
    purpose: DATA_PROCESSING,
    jurisdiction: Jurisdiction.GENERIC,
    noticeId: notice!.id,
    noticeSha256: notice!.sha256,
    fullAge: true,
  };
}
