import type { Client } from '@connectrpc/connect';
import {
  type ConsentCheckService,
  ConsentPurpose,
  Jurisdiction,
  SubjectKind,
} from '@irisvue/contracts/irisvue/consent/v1/consent_service';
import { CapturePermissionWithdrawnSchema } from '@irisvue/contracts/irisvue/consent/v1/events';
import { RepresentativeRelation } from '@irisvue/contracts/irisvue/consent/v1/subject_service';
import { newId } from '@irisvue/database';
import { connectEvents, consumeEvents, handler } from '@irisvue/events';
import { verifyReceipt } from '@irisvue/receipts';
import { createLogger } from '@irisvue/runtime';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, inject, test, vi } from 'vitest';
import { refusal } from './refusal.ts';
import { type StartedConsent, startConsent } from './started-consent.ts';

const DAY_MS = 24 * 3_600_000;
const { BIOMETRIC_CAPTURE, DATA_PROCESSING } = ConsentPurpose;

let consent: StartedConsent;
let checks: Client<typeof ConsentCheckService>;
beforeAll(async () => {
  consent = await startConsent({ subjectKinds: 'self,minor,synthetic' });
});
afterAll(() => consent[Symbol.asyncDispose]());

type User = Awaited<ReturnType<StartedConsent['user']>>;

const verified = async (jws: string) =>
  verifyReceipt(jws, JSON.parse((await consent.publicApi().listReceiptKeys({})).jwks));

async function invite(uploader: User) {
  const { token, invitation } = await uploader.subjects.createSubjectInvitation({ requestId: newId() });
  return { token, invitation: invitation! };
}
const accept = (subject: User, token: string, requestId = newId()) =>
  subject.subjects.acceptSubjectInvitation({ requestId, token, fullAge: true });

/** Whose consent to capture is missing when this user uploads. */
async function pending(uploader: User, subject: { id: string; kind: SubjectKind }, purpose = BIOMETRIC_CAPTURE) {
  checks = consent.checks(await consent.serviceToken('jobs'));
  const answer = await checks.checkConsent({ subjects: [subject], purpose, uploaderId: uploader.id });
  return answer.pending.map(({ id }) => id);
}

describe('another adult’s eye (CR-02)', () => {
  test('may be uploaded only with that adult’s consent and permission, both', async () => {
    const [uploader, subject] = [await consent.user(), await consent.user()];
    expect(await pending(uploader, subject.subject)).toEqual([subject.id]);
    await subject.grant({ purpose: BIOMETRIC_CAPTURE });
    expect(await pending(uploader, subject.subject)).toEqual([subject.id]);
    await accept(subject, (await invite(uploader)).token);
    expect(await pending(uploader, subject.subject)).toEqual([]);
    await subject.withdraw({ purpose: BIOMETRIC_CAPTURE });
    expect(await pending(uploader, subject.subject)).toEqual([subject.id]);
  });

  test('is permitted to one uploader, not to others, and not in return', async () => {
    const [uploader, subject, other] = [await consent.user(), await consent.user(), await consent.user()];
    await subject.grant({ purpose: BIOMETRIC_CAPTURE });
    await uploader.grant({ purpose: BIOMETRIC_CAPTURE });
    await accept(subject, (await invite(uploader)).token);
    expect(await pending(other, subject.subject)).toEqual([subject.id]);
    expect(await pending(subject, uploader.subject)).toEqual([uploader.id]);
    expect(await pending(subject, subject.subject)).toEqual([]);
  });

  test('is not consented to by the uploader', async () => {
    const [uploader, subject] = [await consent.user(), await consent.user()];
    await accept(subject, (await invite(uploader)).token);
    const given = uploader.grant({ purpose: BIOMETRIC_CAPTURE, subject: subject.subject });
    expect((await refusal(given)).reason).toBe('NOT_ALLOWED');
  });

  test('gets no capability for work on what somebody else uploaded without permission', async () => {
    const [uploader, subject] = [await consent.user(), await consent.user()];
    await subject.grant();
    const work = { purpose: DATA_PROCESSING, jobId: newId(), step: 'segmenting', attempt: 1 };
    const request = { ...work, subjects: [subject.subject], uploaderId: uploader.id };
    const services = consent.checks(await consent.serviceToken('jobs'));
    expect(await refusal(services.createStepCapability(request))).toMatchObject({
      reason: 'CONSENT_REQUIRED',
      metadata: { pending: subject.id },
    });
    await accept(subject, (await invite(uploader)).token);
    expect((await services.createStepCapability(request)).token).not.toBe('');
  });

  test('cannot be passed off as synthetic', async () => {
    const [uploader, subject] = [await consent.user(), await consent.user()];
    await subject.grant({ purpose: BIOMETRIC_CAPTURE, kind: SubjectKind.SYNTHETIC });
    expect(await pending(uploader, { id: subject.id, kind: SubjectKind.SYNTHETIC })).toEqual([subject.id]);
  });
});

describe('a permission to capture', () => {
  test('is listed to both, answered by a receipt, and taken back in one call', async () => {
    const [uploader, subject] = [await consent.user(), await consent.user()];
    await subject.grant({ purpose: BIOMETRIC_CAPTURE, jurisdiction: Jurisdiction.GDPR });
    const { permission, receipt } = await accept(subject, (await invite(uploader)).token);
    expect(permission).toMatchObject({ subject: subject.subject, uploaderId: uploader.id, granted: true });
    expect((await subject.subjects.listCapturePermissions({})).given).toEqual([permission]);
    expect((await uploader.subjects.listCapturePermissions({})).received).toEqual([permission]);
    expect((await uploader.subjects.listCapturePermissions({})).given).toEqual([]);

    const record = await verified(receipt);
    expect(record).toMatchObject({
      header: { record_id: permission!.id },
      processing: [{ purpose: 'capture_by_another', jurisdiction: { code: 'gdpr' } }],
      events: [{ state: 'given', entity: record.header.principal_id }],
    });
    expect(JSON.stringify(record)).not.toContain(uploader.id);

    consent.pass(1_000);
    const uploaderId = uploader.id;
    const taken = await subject.subjects.withdrawCapturePermission({ requestId: newId(), uploaderId });
    expect((await verified(taken.receipt)).events.map(({ state }) => state)).toEqual(['given', 'withdrawn']);
    expect(await pending(uploader, subject.subject)).toEqual([subject.id]);
    const [listed] = (await uploader.subjects.listCapturePermissions({})).received;
    expect(listed).toMatchObject({ granted: false, grantTime: permission!.grantTime });
    const again = await subject.subjects.withdrawCapturePermission({ requestId: newId(), uploaderId });
    expect(again.receipt).toBe('');
    const receipts = (await subject.api.listReceipts({})).receipts.map(({ jws }) => jws);
    expect(receipts).toEqual(expect.arrayContaining([receipt, taken.receipt]));
  });

  test('is not taken back by somebody else', async () => {
    const [uploader, subject, other] = [await consent.user(), await consent.user(), await consent.user()];
    await subject.grant({ purpose: BIOMETRIC_CAPTURE });
    await accept(subject, (await invite(uploader)).token);
    await other.subjects.withdrawCapturePermission({ requestId: newId(), uploaderId: uploader.id });
    expect(await pending(uploader, subject.subject)).toEqual([]);
  });

  test('can be given again by a new invitation', async () => {
    const [uploader, subject] = [await consent.user(), await consent.user()];
    await subject.grant({ purpose: BIOMETRIC_CAPTURE });
    await accept(subject, (await invite(uploader)).token);
    await subject.subjects.withdrawCapturePermission({ requestId: newId(), uploaderId: uploader.id });
    await accept(subject, (await invite(uploader)).token);
    expect(await pending(uploader, subject.subject)).toEqual([]);
  });

  test('that is taken back is a fact for the others', async () => {
    const bus = await connectEvents({ url: inject('natsUrl'), name: 'test', logger: consent.logger });
    const stopping = new AbortController();
    const facts: { subjectId?: string; uploaderId: string }[] = [];
    const consuming = consumeEvents({
      bus,
      durable: `subjects-test-${newId()}`,
      on: [
        handler(CapturePermissionWithdrawnSchema, async ({ subject, uploaderId }) => {
          facts.push({ subjectId: subject?.id, uploaderId });
        }),
      ],
      logger: createLogger({ service: 'test', level: 'silent' }),
      signal: stopping.signal,
    });
    const [uploader, subject] = [await consent.user(), await consent.user()];
    await accept(subject, (await invite(uploader)).token);
    await subject.subjects.withdrawCapturePermission({ requestId: newId(), uploaderId: uploader.id });
    await vi.waitFor(() => expect(facts).toContainEqual({ subjectId: subject.id, uploaderId: uploader.id }), {
      timeout: 10_000,
    });
    stopping.abort();
    await consuming;
    await bus[Symbol.asyncDispose]();
  });
});

describe('an invitation', () => {
  test('tells who invites, and is kept only as a hash', async () => {
    const [uploader, subject] = [await consent.user(), await consent.user()];
    const { token, invitation } = await invite(uploader);
    expect(token).toMatch(/^[\w-]{43}$/);
    expect(await subject.subjects.getSubjectInvitation({ token })).toMatchObject({
      invitation: { id: invitation.id, uploaderId: uploader.id },
      uploaderMaskedEmail: 'a•••@example.org',
    });
    const { rows } = await sql`SELECT * FROM subject_invitations`.execute(consent.db);
    expect(JSON.stringify(rows)).not.toContain(token);
    expect(JSON.stringify(rows)).not.toContain(Buffer.from(token).toString('hex'));
  });

  test('works for one person: of many who try at once, one is permitted', async () => {
    const uploader = await consent.user();
    const { token } = await invite(uploader);
    const people = await Promise.all(Array.from({ length: 8 }, () => consent.user()));
    const tries = await Promise.allSettled(people.map((person) => accept(person, token)));
    expect(tries.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect((await uploader.subjects.listCapturePermissions({})).received).toHaveLength(1);
  });

  const dead = { code: 'FailedPrecondition', reason: 'LINK_INVALID', metadata: { problem: 'invalid' } };
  test.each([
    ['unknown', async () => 'x'.repeat(43)],
    [
      'used',
      async (uploader: User) => {
        const { token } = await invite(uploader);
        await accept(await consent.user(), token);
        return token;
      },
    ],
    [
      'revoked',
      async (uploader: User) => {
        const { token, invitation } = await invite(uploader);
        await uploader.subjects.revokeSubjectInvitation({ requestId: newId(), invitationId: invitation.id });
        return token;
      },
    ],
  ])('that is %s gives the same answer as any other dead one', async (_, make) => {
    const token = await make(await consent.user());
    const person = await consent.user();
    expect(await refusal(accept(person, token))).toEqual(dead);
    expect(await refusal(person.subjects.getSubjectInvitation({ token }))).toEqual(dead);
  });

  test('ends when it says: after seven days, or what was asked for', async () => {
    const uploader = await consent.user();
    const { token } = await invite(uploader);
    const short = await uploader.subjects.createSubjectInvitation({
      requestId: newId(),
      validDuration: { seconds: 60n },
    });
    consent.pass(60_000);
    expect(await refusal(accept(await consent.user(), short.token))).toEqual(dead);
    expect((await accept(await consent.user(), token)).permission?.granted).toBe(true);
    const late = await invite(uploader);
    consent.pass(7 * DAY_MS);
    expect(await refusal(accept(await consent.user(), late.token))).toEqual(dead);
  });

  test('is not for oneself, not for who is not of age, and not for who has not verified an e-mail', async () => {
    const uploader = await consent.user();
    const { token } = await invite(uploader);
    expect(await refusal(accept(uploader, token))).toEqual(dead);
    const child = await consent.user();
    const young = child.subjects.acceptSubjectInvitation({ requestId: newId(), token });
    expect((await refusal(young)).reason).toBe('MINOR_NEEDS_REPRESENTATIVE');
    const unverified = await consent.user();
    consent.unverify(unverified.id);
    expect((await refusal(accept(unverified, token))).reason).toBe('EMAIL_NOT_VERIFIED');
    expect((await refusal(invite(unverified))).reason).toBe('EMAIL_NOT_VERIFIED');
    expect((await accept(await consent.user(), token)).permission?.granted).toBe(true);
  });

  test('is told once: a repeat of the call makes none and tells no token', async () => {
    const uploader = await consent.user();
    const requestId = newId();
    const first = await uploader.subjects.createSubjectInvitation({ requestId });
    const again = await uploader.subjects.createSubjectInvitation({ requestId });
    expect(first.url).toMatch(/\/photos\/permit#[\w-]{43}$/);
    expect(again).toMatchObject({ invitation: { id: first.invitation!.id }, token: '', url: '' });
    expect((await uploader.subjects.listSubjectInvitations({})).invitations).toHaveLength(1);
  });

  test('is accepted once by a repeat of the call', async () => {
    const [uploader, subject] = [await consent.user(), await consent.user()];
    const { token } = await invite(uploader);
    const requestId = newId();
    expect((await accept(subject, token, requestId)).receipt).toBe((await accept(subject, token, requestId)).receipt);
  });

  test('is nobody else’s to revoke or to list', async () => {
    const [uploader, other] = [await consent.user(), await consent.user()];
    const { invitation, token } = await invite(uploader);
    const revoking = other.subjects.revokeSubjectInvitation({ requestId: newId(), invitationId: invitation.id });
    expect((await refusal(revoking)).reason).toBe('NOT_FOUND');
    expect((await other.subjects.listSubjectInvitations({})).invitations).toEqual([]);
    expect((await other.subjects.getSubjectInvitation({ token })).invitation?.id).toBe(invitation.id);
  });
});

describe('a minor (CR-02)', () => {
  const declare = async (representative: User) => {
    const { minor } = await representative.subjects.declareMinor({
      ...{ requestId: newId(), relation: RepresentativeRelation.PARENT, declared: true },
    });
    return minor!.subject!;
  };

  test('is declared by a representative, who grants, withdraws and uploads', async () => {
    const parent = await consent.user();
    const child = await declare(parent);
    expect(child.kind).toBe(SubjectKind.MINOR);
    expect(await pending(parent, child)).toEqual([child.id]);
    const granted = await parent.grant({ purpose: BIOMETRIC_CAPTURE, subject: child, jurisdiction: Jurisdiction.BIPA });
    expect(granted).toMatchObject({ subject: child, granted: true });
    expect(await pending(parent, child)).toEqual([]);
    expect((await parent.api.listConsents({})).consents.map(({ subject }) => subject)).toEqual([child]);

    const [receipt] = (await parent.api.listReceipts({})).receipts;
    const record = await verified(receipt!.jws);
    const given = record.events.at(-1)!;
    expect(given).toMatchObject({ state: 'given', type: 'by_representative', signature_sha256: expect.any(String) });
    expect(given.entity).not.toBe(record.header.principal_id);

    await parent.api.withdrawConsent({ requestId: newId(), subject: child, purpose: BIOMETRIC_CAPTURE });
    expect(await pending(parent, child)).toEqual([child.id]);
  });

  test('is nobody else’s to choose for or to upload', async () => {
    const [parent, stranger] = [await consent.user(), await consent.user()];
    const child = await declare(parent);
    await parent.grant({ purpose: BIOMETRIC_CAPTURE, subject: child });
    const grant = stranger.grant({ purpose: BIOMETRIC_CAPTURE, subject: child });
    expect(await refusal(grant)).toMatchObject({ reason: 'NOT_ALLOWED', metadata: { needed: 'representative' } });
    const taking = stranger.api.withdrawConsent({ requestId: newId(), subject: child, purpose: BIOMETRIC_CAPTURE });
    expect((await refusal(taking)).reason).toBe('NOT_ALLOWED');
    expect(await pending(stranger, child)).toEqual([child.id]);
    expect((await stranger.subjects.listMinors({})).minors).toEqual([]);
  });

  test('has no representative without a declaration, and is none by calling oneself one', async () => {
    const user = await consent.user();
    const undeclared = user.subjects.declareMinor({ requestId: newId(), relation: RepresentativeRelation.GUARDIAN });
    expect(await refusal(undeclared)).toMatchObject({ reason: 'NOT_ALLOWED', metadata: { needed: 'declaration' } });
    const self = user.grant({ purpose: BIOMETRIC_CAPTURE, subject: { id: user.id, kind: SubjectKind.MINOR } });
    expect((await refusal(self)).reason).toBe('NOT_ALLOWED');
  });

  test('is declared once by a repeat of the call, with its evidence', async () => {
    const parent = await consent.user();
    const request = { requestId: newId(), relation: RepresentativeRelation.GUARDIAN, declared: true };
    const { minor } = await parent.subjects.declareMinor(request);
    expect((await parent.subjects.declareMinor(request)).minor).toEqual(minor);
    expect((await parent.subjects.listMinors({})).minors).toEqual([minor]);
    const { rows } = await sql<{ relation: string }>`
      SELECT relation FROM minor_declaration_events e JOIN principals p USING (principal_id)
      WHERE p.subject_id = ${minor!.subject!.id}`.execute(consent.db);
    expect(rows).toEqual([{ relation: 'guardian' }]);
  });
});

test.each(['capture_permission_events', 'minor_declaration_events'])(
  'rows of %s cannot be changed, removed or cleared',
  async (table) => {
    const name = sql.table(table);
    for (const change of [sql`update ${name} set id = id`, sql`delete from ${name}`, sql`truncate ${name}`]) {
      await expect(change.execute(consent.db)).rejects.toThrow(/only ever added/);
    }
  },
);
