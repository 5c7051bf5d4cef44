import { ConsentPurpose, SubjectKind } from '@irisvue/contracts/irisvue/consent/v1/consent_service';
import { newId } from '@irisvue/database';
import { capabilityVerifier } from '@irisvue/runtime';
import { decodeJwt } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { refusal } from './refusal.ts';
import { type StartedConsent, startConsent } from './started-consent.ts';

const { DATA_PROCESSING, MARKETING } = ConsentPurpose;

let consent: StartedConsent;
let checks: ReturnType<StartedConsent['checks']>;
beforeAll(async () => {
  consent = await startConsent({ subjectKinds: 'self,synthetic' });
  checks = consent.checks(await consent.serviceToken('jobs'));
});
afterAll(() => consent[Symbol.asyncDispose]());

describe('a check', () => {
  test('names exactly the subjects without an active consent', async () => {
    const [granted, withdrawn, never] = [await consent.user(), await consent.user(), await consent.user()];
    await granted.grant();
    await withdrawn.grant();
    await withdrawn.withdraw();
    const subjects = [granted.subject, withdrawn.subject, never.subject];
    const { pending } = await checks.checkConsent({ subjects, purpose: DATA_PROCESSING });
    expect(pending.map((subject) => subject.id)).toEqual([withdrawn.id, never.id]);
  });

  test('sees a withdrawal at once', async () => {
    const user = await consent.user();
    await user.grant();
    const request = { subjects: [user.subject], purpose: DATA_PROCESSING };
    expect((await checks.checkConsent(request)).pending).toEqual([]);
    await user.withdraw();
    expect((await checks.checkConsent(request)).pending).toHaveLength(1);
  });

  test('refuses a kind of subject that is not accepted', async () => {
    const subjects = [{ id: newId(), kind: SubjectKind.EVALUATION }];
    expect(await refusal(checks.checkConsent({ subjects, purpose: DATA_PROCESSING }))).toEqual({
      code: 'PermissionDenied',
      reason: 'SUBJECT_KIND_NOT_ALLOWED',
      metadata: { subject_kind: 'evaluation' },
    });
  });

  test('of nobody is refused', async () => {
    expect((await refusal(checks.checkConsent({ subjects: [], purpose: DATA_PROCESSING }))).reason).toBe(
      'INVALID_FIELD',
    );
  });
});

describe('a capability', () => {
  const work = () => ({ purpose: DATA_PROCESSING, jobId: newId(), step: 'segmenting', attempt: 2 });

  test('says whose eyes, what for and which work, for 60 s', async () => {
    const user = await consent.user();
    await user.grant();
    const request = { ...work(), subjects: [user.subject] };
    const { token, expireTime } = await checks.createStepCapability(request);
    const claims = decodeJwt(token);
    expect(claims).toEqual({
      iss: 'irisvue-consent',
      aud: 'irisvue-step',
      iat: expect.any(Number),
      exp: claims.iat! + 60,
      subjects: [{ id: user.id, kind: 'self' }],
      purpose: 'data_processing',
      job: request.jobId,
      step: 'segmenting',
      attempt: 2,
    });
    expect(expireTime?.seconds).toBe(BigInt(claims.exp!));
  });

  test('opens the door of a vision service, for that work and that long', async () => {
    const user = await consent.user();
    await user.grant();
    const request = { ...work(), subjects: [user.subject] };
    const { token } = await checks.createStepCapability(request);
    const verify = capabilityVerifier({ consentUrl: consent.url, clock: consent.clock });
    const context = { requestHeader: new Headers({ 'irisvue-capability': token }) };
    const expected = { jobId: request.jobId, step: 'segmenting', attempt: 2 };
    expect((await verify(context, expected)).subjects).toEqual([{ id: user.id, kind: 'self' }]);
    for (const other of [{ jobId: newId() }, { step: 'enhancing' }, { attempt: 3 }]) {
      await expect(verify(context, { ...expected, ...other })).rejects.toMatchObject({
        metadata: { problem: { jobId: 'job', step: 'step', attempt: 'attempt' }[Object.keys(other)[0]!] },
      });
    }
    consent.pass(61_000);
    await expect(verify(context, expected)).rejects.toMatchObject({ metadata: { problem: 'expired' } });
  });

  test('is not had while one of the subjects has not consented', async () => {
    const [user, other] = [await consent.user(), await consent.user()];
    await user.grant();
    const request = { ...work(), subjects: [user.subject, other.subject] };
    expect(await refusal(checks.createStepCapability(request))).toEqual({
      code: 'FailedPrecondition',
      reason: 'CONSENT_REQUIRED',
      metadata: { purpose: 'data_processing', pending: other.id },
    });
  });

  test('is not had after a withdrawal', async () => {
    const user = await consent.user();
    await user.grant();
    await user.withdraw();
    const request = { ...work(), subjects: [user.subject] };
    expect((await refusal(checks.createStepCapability(request))).reason).toBe('CONSENT_REQUIRED');
  });

  test('is not had on a consent to something else', async () => {
    const user = await consent.user();
    await user.grant({ purpose: MARKETING });
    const request = { ...work(), subjects: [user.subject], purpose: MARKETING };
    expect(await refusal(checks.createStepCapability(request))).toEqual({
      code: 'InvalidArgument',
      reason: 'INVALID_FIELD',
      metadata: { field: 'purpose', limit: 'data_processing' },
    });
  });

  test('does not pass for a user’s or a service’s token', async () => {
    const user = await consent.user();
    await user.grant();
    const { token } = await checks.createStepCapability({ ...work(), subjects: [user.subject] });
    expect((await refusal(consent.publicApi(token).listConsents({}))).reason).toBe('TOKEN_INVALID');
  });
});
