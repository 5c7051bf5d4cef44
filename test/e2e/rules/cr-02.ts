import { RepresentativeRelation } from '@irisvue/contracts/irisvue/consent/v1/subject_service';
import { JobStatus } from '@irisvue/contracts/irisvue/jobs/v1/job';
import { ErrorReason } from '@irisvue/runtime';
import { v7 as uuidv7 } from 'uuid';
import { expect, test } from 'vitest';
import { ended, submit } from '../person.ts';
import {
  BIOMETRIC_CAPTURE,
  DATA_PROCESSING,
  grant,
  MINOR,
  newCitizen,
  refusal,
  statusOf,
  upload,
  verifiedCitizen,
} from './people.ts';

test('CR-02: a photographer works on another adult’s eye as long as that adult lets it happen', async () => {
  const [photographer, model] = await Promise.all([verifiedCitizen(), verifiedCitizen()]);
  expect(await refusal(grant(photographer, DATA_PROCESSING, { subject: model.eye }))).toBe(ErrorReason.NOT_ALLOWED);
  for (const purpose of [BIOMETRIC_CAPTURE, DATA_PROCESSING]) await grant(model, purpose);
  expect(await refusal(upload(photographer, 71, model.eye))).toBe(ErrorReason.CONSENT_REQUIRED);

  const { token } = await photographer.subjects.createSubjectInvitation({ requestId: uuidv7() });
  const { uploaderMaskedEmail } = await model.subjects.getSubjectInvitation({ token });
  expect(uploaderMaskedEmail).toMatch(/^l.*@irisvue\.example$/);
  expect(uploaderMaskedEmail).not.toBe(photographer.account.email);
  await model.subjects.acceptSubjectInvitation({ requestId: uuidv7(), token, fullAge: true });
  const photoId = await upload(photographer, 71, model.eye);
  const { photo } = await photographer.photos.getPhoto({ photoId });
  expect(photo!.subject).toMatchObject(model.eye); // apart from who uploaded it
  const [job] = await ended(photographer, await submit(photographer, photoId));
  expect(job?.status).toBe(JobStatus.COMPLETED);
  expect(await statusOf(job!.links!.resultUrl)).toBe(200);

  const uploaderId = photographer.account.userId;
  await model.subjects.withdrawCapturePermission({ requestId: uuidv7(), uploaderId });
  expect(await statusOf(job!.links!.resultUrl)).toBeGreaterThanOrEqual(400);
  expect(await refusal(upload(photographer, 71, model.eye))).toBe(ErrorReason.CONSENT_REQUIRED);
});

test('CR-02: a minor’s eye is the representative’s to consent to and to upload, and without one it is refused', async () => {
  const [parent, stranger, child] = await Promise.all([verifiedCitizen(), newCitizen(), newCitizen()]);
  const alone = grant(child, BIOMETRIC_CAPTURE, { fullAge: false });
  expect(await refusal(alone)).toBe(ErrorReason.MINOR_NEEDS_REPRESENTATIVE);

  const declared = { requestId: uuidv7(), relation: RepresentativeRelation.PARENT, declared: true };
  const { id } = (await parent.subjects.declareMinor(declared)).minor!.subject!;
  const minor = { id, kind: MINOR };
  expect(await refusal(upload(parent, 71, minor))).toBe(ErrorReason.CONSENT_REQUIRED);
  for (const purpose of [BIOMETRIC_CAPTURE, DATA_PROCESSING]) await grant(parent, purpose, { subject: minor });
  const [job] = await ended(parent, await submit(parent, await upload(parent, 71, minor)));
  expect(job?.status).toBe(JobStatus.COMPLETED);
  expect(await refusal(upload(stranger, 71, minor))).toBe(ErrorReason.CONSENT_REQUIRED);
  expect(await refusal(grant(stranger, DATA_PROCESSING, { subject: minor }))).toBe(ErrorReason.NOT_ALLOWED);
});
