import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Client, createClient } from '@connectrpc/connect';
import { createConnectTransport } from '@connectrpc/connect-node';
import { mailedLink, tokenOf } from '@irisvue/cli/account/mailed-link';
import { readCertificate } from '@irisvue/cli/privacy/certificate';
import {
  ConsentPurpose,
  ConsentService,
  Jurisdiction,
  SubjectKind,
} from '@irisvue/contracts/irisvue/consent/v1/consent_service';
import { SubjectService } from '@irisvue/contracts/irisvue/consent/v1/subject_service';
import { CompositionLayout } from '@irisvue/contracts/irisvue/fusion/v1/fusion_service';
import { IdentityService } from '@irisvue/contracts/irisvue/identity/v1/identity_service';
import { ErasureState, PrivacyService } from '@irisvue/contracts/irisvue/privacy/v1/privacy_service';
import type { verifyReceipt } from '@irisvue/receipts';
import { reasonOf } from '@irisvue/runtime';
import { v7 as uuidv7 } from 'uuid';
import { expect } from 'vitest';
import { eyeJpeg, newPerson, type Person } from '../person.ts';
import { scene } from './scene.ts';

export const { BIOMETRIC_CAPTURE, DATA_PROCESSING, MARKETING } = ConsentPurpose;
export const { SELF, MINOR } = SubjectKind;

export interface Subject {
  readonly id: string;
  readonly kind: SubjectKind;
}

/** A person of the mesh who photographs an own eye, or somebody else's. */
export interface Citizen extends Person {
  /** The person's own eye. */
  readonly eye: Subject;
  readonly subjects: Client<typeof SubjectService>;
  readonly privacy: Client<typeof PrivacyService>;
}

/** Signs somebody up who has agreed to nothing yet. */
export async function newCitizen(gatewayUrl = scene().mesh.gatewayUrl): Promise<Citizen> {
  const person = await newPerson(gatewayUrl, { consent: false });
  const { transport, userId } = person.account;
  return {
    ...person,
    eye: { id: userId, kind: SELF },
    subjects: createClient(SubjectService, transport),
    privacy: createClient(PrivacyService, transport),
  };
}

/** Signs somebody up who has opened the link that was mailed. */
export async function verifiedCitizen(): Promise<Citizen> {
  const { mesh, clock } = scene();
  const after = clock.now();
  const citizen = await newCitizen();
  const link = await mailedLink(mesh.home, { to: citizen.account.email, page: 'verify', after });
  const identity = createClient(IdentityService, citizen.account.transport);
  await identity.verifyEmail({ requestId: uuidv7(), token: tokenOf(link!) });
  return citizen;
}

/** Signs somebody up who agrees to the photos of an own eye and to what is made of them. */
export async function consentingCitizen(
  jurisdiction: Jurisdiction = Jurisdiction.GDPR,
  gatewayUrl?: string,
): Promise<Citizen> {
  const citizen = await newCitizen(gatewayUrl);
  for (const purpose of [BIOMETRIC_CAPTURE, DATA_PROCESSING]) await grant(citizen, purpose, { jurisdiction });
  return citizen;
}

export interface GrantOptions {
  readonly subject?: Subject;
  readonly jurisdiction?: Jurisdiction;
  readonly recipients?: readonly string[];
  readonly language?: string;
  readonly fullAge?: boolean;
}

/** Reads the notice and grants one purpose, signing where it must be. @returns the answer and what was asked. */
export async function grant(person: Citizen, purpose: ConsentPurpose, o: GrantOptions = {}) {
  const { subject = person.eye, jurisdiction = Jurisdiction.GDPR, language = 'en', fullAge = true } = o;
  const recipients = [...(o.recipients ?? [])];
  const { notice } = await person.consent.getNotice({ purpose, jurisdiction, language, recipients });
  const shown = { noticeId: notice!.id, noticeSha256: notice!.sha256 };
  const signature = notice!.signatureRequired ? 'Robin Example' : '';
  const request = { subject, purpose, jurisdiction, ...shown, fullAge, signature, recipients };
  const { consent, receipt } = await person.consent.grantConsent({ requestId: uuidv7(), ...request });
  return { consent: consent!, receipt, notice: notice!, request };
}

/** Takes one purpose back, in one call. @returns the receipt. */
export async function withdraw(person: Citizen, purpose: ConsentPurpose, subject = person.eye): Promise<string> {
  return (await person.consent.withdrawConsent({ requestId: uuidv7(), subject, purpose })).receipt;
}

/** Uploads a rendered eye as that of a subject. @returns the photo's id. */
export async function upload(person: Citizen, seed: number, subject = person.eye): Promise<string> {
  const bytes = await eyeJpeg(seed, 320, 240);
  const { photo, upload: to } = await person.photos.createPhoto({
    ...{ requestId: uuidv7(), subjectKind: subject.kind, subjectId: subject.id, contentType: 'image/jpeg' },
    ...{ sha256: createHash('sha256').update(bytes).digest('hex'), sizeBytes: BigInt(bytes.length) },
  });
  const sent = await fetch(to!.url, { method: to!.method, headers: to!.headers, body: new Uint8Array(bytes) });
  expect(sent.status).toBe(200);
  await person.photos.confirmPhoto({ photoId: photo!.id });
  return photo!.id;
}

/** A row of irises. */
export const ROW = { case: 'composition', value: { layout: CompositionLayout.HORIZONTAL } } as const;

/** Asks for a row of photos. @returns the artwork. */
export async function compose(person: Citizen, photoIds: string[], circleId = '') {
  return (await person.artworks.createArtwork({ requestId: uuidv7(), photoIds, spec: ROW, circleId })).artwork!;
}

/** The reason of a refusal. */
export const refusal = (call: Promise<unknown>) =>
  call.then(
    () => expect.fail('the call was not refused'),
    (error: unknown) => reasonOf(error),
  );

/** HTTP status of a link. */
export async function statusOf(url: string): Promise<number> {
  const answer = await fetch(url);
  await answer.body?.cancel();
  return answer.status;
}

/** The mails that a person got, as they were sent. */
export async function mailsTo(person: Person): Promise<string[]> {
  const { home } = scene().mesh;
  const folder = join(home, 'mail');
  const names = (await readdir(folder)).filter((name) => name.endsWith('.eml') && !name.startsWith('.'));
  const texts = await Promise.all(names.map((name) => readFile(join(folder, name), 'utf8')));
  return texts.filter((text) => text.includes(person.account.email));
}

export interface Erased {
  readonly erasureId: string;
  readonly accessToken: string;
}

/** Asks for an account to be erased. @returns what opens the erasure. */
export async function askErasure(person: Citizen): Promise<Erased> {
  const { erasure, accessToken } = await person.privacy.createErasure({ requestId: uuidv7() });
  return { erasureId: erasure!.id, accessToken };
}

/** Who has no account: what anybody may call. */
export const anybody = () => createConnectTransport({ baseUrl: scene().mesh.gatewayUrl, httpVersion: '1.1' });

/** Waits until an erasure is done. @returns its certificate, verified by the public keys alone. */
export async function certificateOf(erased: Erased) {
  const privacy = createClient(PrivacyService, anybody());
  let state: ErasureState | undefined;
  for await (const { erasure } of privacy.watchErasure(erased)) state = erasure!.state;
  expect(state).toBe(ErasureState.COMPLETED);
  const { certificate } = await privacy.getErasureCertificate(erased);
  return await readCertificate(certificate, await receiptKeys());
}

/** The public keys of receipts and certificates. */
export async function receiptKeys(): Promise<Parameters<typeof verifyReceipt>[1]> {
  return JSON.parse((await createClient(ConsentService, anybody()).listReceiptKeys({})).jwks);
}
