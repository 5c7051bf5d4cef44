import { createHash } from 'node:crypto';
import { type Client, createClient } from '@connectrpc/connect';
import { mailedLink, tokenOf } from '@irisvue/cli/account/mailed-link';
import { ConsentPurpose, Jurisdiction, SubjectKind } from '@irisvue/contracts/irisvue/consent/v1/consent_service';
import { SubjectService } from '@irisvue/contracts/irisvue/consent/v1/subject_service';
import { CompositionLayout } from '@irisvue/contracts/irisvue/fusion/v1/fusion_service';
import { CircleService } from '@irisvue/contracts/irisvue/identity/v1/circle_service';
import { IdentityService } from '@irisvue/contracts/irisvue/identity/v1/identity_service';
import { PrivacyService } from '@irisvue/contracts/irisvue/privacy/v1/privacy_service';
import type { TestMesh } from '@irisvue/testing';
import { v7 as uuidv7 } from 'uuid';
import { newPerson, type Person } from '../person.ts';

/** A person with a proven e-mail who works on their own eye. */
export interface Citizen extends Person {
  readonly identity: Client<typeof IdentityService>;
  readonly circles: Client<typeof CircleService>;
  readonly subjects: Client<typeof SubjectService>;
  readonly privacy: Client<typeof PrivacyService>;
}

/** Whose eye. */
export interface Subject {
  readonly id: string;
  readonly kind: SubjectKind;
}

const PURPOSES = [ConsentPurpose.BIOMETRIC_CAPTURE, ConsentPurpose.DATA_PROCESSING];

/** Signs up, proves the e-mail, and consents to capture and processing of the own eye, signed by `name`. */
export async function newCitizen(mesh: TestMesh, name = 'Robin Example'): Promise<Citizen> {
  const began = new Date(Date.now() - 1);
  const person = await newPerson(mesh.gatewayUrl, { consent: false });
  const { transport, email } = person.account;
  const identity = createClient(IdentityService, transport);
  const link = await mailedLink(mesh.home, { to: email, page: 'verify', after: began });
  await identity.verifyEmail({ requestId: uuidv7(), token: tokenOf(link!) });
  const citizen: Citizen = {
    ...person,
    identity,
    circles: createClient(CircleService, transport),
    subjects: createClient(SubjectService, transport),
    privacy: createClient(PrivacyService, transport),
  };
  await consentFor(citizen, ownEye(citizen), name);
  return citizen;
}

/** The own eye of a citizen. */
export function ownEye(citizen: Person): Subject {
  return { id: citizen.account.userId, kind: SubjectKind.SELF };
}

/** Grants capture and processing for a subject by Illinois law, which asks for a signature. */
export async function consentFor(citizen: Person, subject: Subject, signature: string): Promise<void> {
  const jurisdiction = Jurisdiction.BIPA;
  for (const purpose of PURPOSES) {
    const { notice } = await citizen.consent.getNotice({ purpose, jurisdiction, language: 'en' });
    const shown = { noticeId: notice!.id, noticeSha256: notice!.sha256 };
    const choice = { subject, purpose, jurisdiction, fullAge: true, signature };
    await citizen.consent.grantConsent({ requestId: uuidv7(), ...choice, ...shown });
  }
}

/** Announces a photo of a subject. @returns its id, and where its bytes go. */
export async function announce(citizen: Person, bytes: Uint8Array, subject: Subject = ownEye(citizen)) {
  const { photo, upload } = await citizen.photos.createPhoto({
    ...{ requestId: uuidv7(), subjectKind: subject.kind, subjectId: subject.id, contentType: 'image/jpeg' },
    ...{ sha256: createHash('sha256').update(bytes).digest('hex'), sizeBytes: BigInt(bytes.length) },
  });
  return { photoId: photo!.id, send: () => send(upload!, bytes) };
}

async function send(to: { method: string; url: string; headers: Record<string, string> }, bytes: Uint8Array) {
  return await fetch(to.url, { method: to.method, headers: to.headers, body: new Uint8Array(bytes) });
}

/** Uploads and confirms a photo. @returns its id. */
export async function uploadOf(citizen: Person, bytes: Uint8Array, subject?: Subject): Promise<string> {
  const { photoId, send } = await announce(citizen, bytes, subject);
  const answer = await send();
  if (!answer.ok) throw new Error(`upload answered HTTP ${answer.status}`);
  await citizen.photos.confirmPhoto({ photoId });
  return photoId;
}

/** Lets somebody use a photo in artworks, also in those of a circle if one is named. */
export async function permit(owner: Person, photoId: string, creator: Person, circleId = ''): Promise<void> {
  const creatorId = creator.account.userId;
  await owner.consent.grantArtworkPermission({ requestId: uuidv7(), photoId, creatorId, circleId });
}

/** Places photos side by side. @returns ids of the artwork and of its job. */
export async function compose(creator: Person, photoIds: readonly string[], circleId = '') {
  const spec = { case: 'composition', value: { layout: CompositionLayout.HORIZONTAL } } as const;
  const request = { requestId: uuidv7(), photoIds: [...photoIds], spec, circleId };
  const { artwork } = await creator.artworks.createArtwork(request);
  return { artworkId: artwork!.id, jobId: artwork!.job!.id };
}
