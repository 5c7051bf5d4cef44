import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type Client, createClient } from '@connectrpc/connect';
import { createConnectTransport } from '@connectrpc/connect-node';
import { mailedLink, tokenOf } from '@irisvue/cli/account/mailed-link';
import {
  ConsentPurpose,
  ConsentService,
  Jurisdiction,
  SubjectKind,
} from '@irisvue/contracts/irisvue/consent/v1/consent_service';
import { RepresentativeRelation, SubjectService } from '@irisvue/contracts/irisvue/consent/v1/subject_service';
import { IdentityService } from '@irisvue/contracts/irisvue/identity/v1/identity_service';
import { JobStatus } from '@irisvue/contracts/irisvue/jobs/v1/job';
import { verifyReceipt } from '@irisvue/receipts';
import { ErrorReason, reasonOf } from '@irisvue/runtime';
import { startTestMesh, type TestMesh } from '@irisvue/testing';
import { v7 as uuidv7 } from 'uuid';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ended, eyeJpeg, newPerson, type Person, submit } from './person.ts';

const { BIOMETRIC_CAPTURE, DATA_PROCESSING } = ConsentPurpose;
const { SELF, MINOR } = SubjectKind;

let mesh: TestMesh;
let signUpsBegan: Date;
beforeAll(async () => {
  mesh = await startTestMesh();
  signUpsBegan = new Date();
});
afterAll(() => mesh?.[Symbol.asyncDispose]());

interface Citizen extends Person {
  readonly subjects: Client<typeof SubjectService>;
}
interface Subject {
  readonly id: string;
  readonly kind: SubjectKind;
}

/** Somebody with a verified e-mail and no consent yet. */
async function newCitizen(): Promise<Citizen> {
  const person = await newPerson(mesh.gatewayUrl, { consent: false });
  const { account } = person;
  const link = await mailedLink(mesh.home, { to: account.email, page: 'verify', after: signUpsBegan });
  const identity = createClient(IdentityService, account.transport);
  await identity.verifyEmail({ requestId: uuidv7(), token: tokenOf(link!) });
  return { ...person, subjects: createClient(SubjectService, account.transport) };
}

async function grant(person: Person, subject: Subject, purpose: ConsentPurpose, jurisdiction = Jurisdiction.BIPA) {
  const { notice } = await person.consent.getNotice({ purpose, jurisdiction, language: 'de' });
  const signature = notice!.signatureRequired ? 'Robin Example' : '';
  const shown = { noticeId: notice!.id, noticeSha256: notice!.sha256 };
  const request = { requestId: uuidv7(), subject, purpose, jurisdiction, ...shown, fullAge: true, signature };
  return (await person.consent.grantConsent(request)).receipt;
}

async function upload(person: Person, subject: Subject): Promise<string> {
  const bytes = await eyeJpeg(71, 640, 480);
  const { photo, upload: to } = await person.photos.createPhoto({
    ...{ requestId: uuidv7(), subjectKind: subject.kind, subjectId: subject.id, contentType: 'image/jpeg' },
    ...{ sha256: createHash('sha256').update(bytes).digest('hex'), sizeBytes: BigInt(bytes.length) },
  });
  await fetch(to!.url, { method: to!.method, headers: to!.headers, body: new Uint8Array(bytes) });
  await person.photos.confirmPhoto({ photoId: photo!.id });
  return photo!.id;
}
const refusal = (call: Promise<unknown>) =>
  call.then(
    () => expect.fail('the call was not refused'),
    (error: unknown) => reasonOf(error),
  );

test('CR-02: a photographer works on another adult’s eye as long as that adult lets it happen', async () => {
  const [photographer, model] = [await newCitizen(), await newCitizen()];
  const subject = { id: model.account.userId, kind: SELF };
  await grant(model, subject, BIOMETRIC_CAPTURE);
  await grant(model, subject, DATA_PROCESSING);
  expect(await refusal(upload(photographer, subject))).toBe(ErrorReason.CONSENT_REQUIRED);

  const { token } = await photographer.subjects.createSubjectInvitation({ requestId: uuidv7() });
  const { uploaderMaskedEmail } = await model.subjects.getSubjectInvitation({ token });
  expect(uploaderMaskedEmail).toMatch(/^l.*@irisvue\.example$/);
  expect(uploaderMaskedEmail).not.toBe(photographer.account.email);
  await model.subjects.acceptSubjectInvitation({ requestId: uuidv7(), token, fullAge: true });
  const [jobId] = await submit(photographer, await upload(photographer, subject));
  const [job] = await ended(photographer, [jobId!]);
  expect(job?.status).toBe(JobStatus.COMPLETED);
  expect((await fetch(job!.links!.resultUrl)).status).toBe(200);

  const uploaderId = photographer.account.userId;
  await model.subjects.withdrawCapturePermission({ requestId: uuidv7(), uploaderId });
  expect((await fetch(job!.links!.resultUrl, { redirect: 'manual' })).status).toBeGreaterThanOrEqual(400);
  expect(await refusal(upload(photographer, subject))).toBe(ErrorReason.CONSENT_REQUIRED);
});

test('CR-02: a minor’s eye is the representative’s to consent to and to upload', async () => {
  const [parent, stranger] = [await newCitizen(), await newCitizen()];
  const declared = { requestId: uuidv7(), relation: RepresentativeRelation.PARENT, declared: true };
  const { id } = (await parent.subjects.declareMinor(declared)).minor!.subject!;
  const minor = { id, kind: MINOR };
  expect(await refusal(upload(parent, minor))).toBe(ErrorReason.CONSENT_REQUIRED);
  for (const purpose of [BIOMETRIC_CAPTURE, DATA_PROCESSING]) await grant(parent, minor, purpose);
  const [jobId] = await submit(parent, await upload(parent, minor));
  expect((await ended(parent, [jobId!]))[0]?.status).toBe(JobStatus.COMPLETED);
  expect(await refusal(upload(stranger, minor))).toBe(ErrorReason.CONSENT_REQUIRED);
  expect(await refusal(grant(stranger, minor, DATA_PROCESSING))).toBe(ErrorReason.NOT_ALLOWED);
});

test('CR-05, CR-14: policy and keys are open to everybody, and a receipt verifies by them alone', async () => {
  const person = await newCitizen();
  const receipt = await grant(person, { id: person.account.userId, kind: SELF }, BIOMETRIC_CAPTURE);
  const open = createClient(ConsentService, createConnectTransport({ baseUrl: mesh.gatewayUrl, httpVersion: '1.1' }));
  const { policy } = await open.getRetentionPolicy({ language: 'de' });
  const record = await verifyReceipt(receipt, JSON.parse((await open.listReceiptKeys({})).jwks));
  expect(record).toMatchObject({
    processing: [
      {
        notice: { id: 'bipa/biometric_capture/de' },
        retention_period: { policy: { version: policy!.version, sha256: policy!.sha256 } },
      },
    ],
    events: [{ state: 'requested' }, { state: 'given', type: 'explicit_signed' }],
  });
});

test('by command: grant, receipts, a receipt verified without the mesh, withdraw', async () => {
  const person = await newCitizen();
  const command = async (...args: string[]) => {
    const main = join(import.meta.dirname, '../../packages/cli/src/main.ts');
    const env = { ...process.env, IRISVUE_HOME: person.home, IRISVUE_GATEWAY_URL: mesh.gatewayUrl };
    return (await promisify(execFile)(process.execPath, [main, 'consent', ...args], { env })).stdout;
  };
  await expect(command('grant', 'capture', '--residence', 'illinois', '--yes')).rejects.toThrow(/signature/);
  const granted = await command('grant', 'capture', '--residence', 'illinois', '--yes', '--name', 'Robin Example');
  expect(granted).toMatch(/capture\s+own eye {2}granted .* illinois/);
  const out = join(person.home, 'receipts');
  await command('receipts', '--out', out);
  const file = (await readdir(out)).find((name) => name.endsWith('.jws'))!;
  const keys = ['--keys', join(out, 'keys.json')];
  expect(await command('verify-receipt', join(out, file), ...keys)).toContain('genuine: biometric_capture given');
  expect(await command('withdraw', 'capture')).toMatch(/capture\s+own eye {2}withdrawn/);
  expect(await command('policy', '--language', 'de')).toContain('In force since'.toLowerCase());
});
