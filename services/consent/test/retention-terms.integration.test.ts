import { timestampDate } from '@bufbuild/protobuf/wkt';
import { ConsentPurpose, Jurisdiction, SubjectKind } from '@irisvue/contracts/irisvue/consent/v1/consent_service';
import { RetentionService } from '@irisvue/contracts/irisvue/consent/v1/retention_service';
import { newId } from '@irisvue/database';
import { createServiceClient } from '@irisvue/runtime';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { refusal } from './refusal.ts';
import { type StartedConsent, startConsent } from './started-consent.ts';

const DAY_MS = 24 * 3_600_000;
const purpose = ConsentPurpose.BIOMETRIC_CAPTURE;

let consent: StartedConsent;
beforeAll(async () => {
  consent = await startConsent({ subjectKinds: 'self,synthetic' });
});
afterAll(() => consent?.[Symbol.asyncDispose]());

const asking = async (service: string) => {
  const token = await consent.serviceToken(service);
  return createServiceClient(RetentionService, { url: consent.url, token: async () => token });
};
async function termsOf(...subjects: Array<{ id: string; kind: SubjectKind }>) {
  const { terms } = await (await asking('jobs')).getRetentionTerms({ subjects });
  return terms.map((term) => ({
    id: term.subject!.id,
    afterInteraction: term.monthsAfterInteraction,
    afterPurpose: term.monthsAfterPurpose,
    chosen: term.lastChoiceTime && timestampDate(term.lastChoiceTime),
    ended: term.purposeEndTime && timestampDate(term.purposeEndTime),
  }));
}

test('only jobs may ask', async () => {
  for (const service of ['gateway', 'identity']) {
    const call = (await asking(service)).getRetentionTerms({ subjects: [{ id: newId(), kind: SubjectKind.SELF }] });
    expect(await refusal(call)).toMatchObject({ reason: 'NOT_ALLOWED' });
  }
});

test('the law of the residence and the policy that was agreed to set the limits, the shortest of each', async () => {
  const [texan, german] = [await consent.user(), await consent.user()];
  await texan.grant({ purpose, jurisdiction: Jurisdiction.CUBI });
  await german.grant({ purpose, jurisdiction: Jurisdiction.GDPR });
  const [ofTexan, ofGerman] = await termsOf(texan.subject, german.subject);
  expect(ofTexan).toMatchObject({ id: texan.id, afterInteraction: 36, afterPurpose: 12, ended: undefined });
  expect(ofGerman).toMatchObject({ id: german.id, afterInteraction: 36, afterPurpose: undefined, ended: undefined });
});

test('the purpose ends with the consent to capture, and begins again with it', async () => {
  const user = await consent.user();
  await user.grant({ purpose, jurisdiction: Jurisdiction.CUBI });
  await user.grant({ jurisdiction: Jurisdiction.CUBI });
  consent.pass(DAY_MS);
  const again = await consent.userToken(user.id);
  const withdrawAt = consent.clock.now();
  await consent.publicApi(again).withdrawConsent({ requestId: newId(), subject: user.subject, purpose });
  expect((await termsOf(user.subject))[0]).toMatchObject({ ended: withdrawAt, chosen: withdrawAt, afterPurpose: 12 });
});

test('of whom consent knows nothing the strictest holds; kinds are kept apart', async () => {
  const user = await consent.user();
  await user.grant({ purpose, jurisdiction: Jurisdiction.GENERIC });
  const sample = { id: user.id, kind: SubjectKind.SYNTHETIC };
  const [ofSample, ofUser] = await termsOf(sample, user.subject);
  expect(ofSample).toMatchObject({ afterInteraction: 36, afterPurpose: 12, chosen: undefined, ended: undefined });
  expect(ofUser).toMatchObject({ afterInteraction: 36, afterPurpose: undefined, chosen: expect.any(Date) });
});
