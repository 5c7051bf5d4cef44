import { readAccount, writeAccount } from '@irisvue/cli/account/account-file';
import { mailedLink, tokenOf } from '@irisvue/cli/account/mailed-link';
import { SubjectKind } from '@irisvue/contracts/irisvue/consent/v1/consent_service';
import { RepresentativeRelation } from '@irisvue/contracts/irisvue/consent/v1/subject_service';
import { JobStatus } from '@irisvue/contracts/irisvue/jobs/v1/job';
import type { TestMesh } from '@irisvue/testing';
import { v7 as uuidv7 } from 'uuid';
import { expect } from 'vitest';
import { ended, eyeJpeg, submit } from '../person.ts';
import { type Canary, newCanary, withCanary } from './canary.ts';
import { announce, type Citizen, compose, consentFor, newCitizen, ownEye, permit, uploadOf } from './citizen.ts';

/** How many. */
export interface SceneSize {
  readonly photos: number;
  /** Works with others, of each kind in turn. */
  readonly artworks: number;
  /** Of the photos: those that are processed before the erasure. */
  readonly processed: number;
}

/** A work of several people, and what has to become of it. */
export interface JointWork {
  readonly artworkId: string;
  readonly creator: Citizen;
  readonly end: 'deleted' | 'remade';
  /** Of a work that is remade: the photos that stay, in their order. */
  readonly staying: readonly string[];
  /** Who is to be told. */
  readonly told: readonly Citizen[];
  /** The link that the creator had; empty of a work that may be unfinished. */
  readonly link: string;
}

/** Two people whose irises are in works with others, with a photo more than once. */
export interface Friends {
  readonly ada: Citizen;
  readonly ben: Citizen;
  readonly adas: readonly [string, string];
  readonly bens: string;
}

/** A person who is to be erased, and all that hangs on them. */
export interface ErasureScene {
  readonly erased: Citizen;
  readonly canary: Canary;
  /** E-mails that the person has and had. */
  readonly emails: readonly string[];
  /** A child whom the person represents. */
  readonly minorId: string;
  readonly works: readonly JointWork[];
  /** Jobs that have not ended. */
  readonly underWay: readonly string[];
  /** Sends the bytes of a photo that was announced before the erasure. */
  readonly sendLate: () => Promise<Response>;
}

/** Photos of a scene: small enough to be many, large enough to be processed. */
const WIDTH = 640;
const HEIGHT = 480;

/** Each eye is rendered once. */
const rendered = new Map<number, Promise<Uint8Array>>();
function eyeOf(seed: number): Promise<Uint8Array> {
  const eye = rendered.get(seed) ?? eyeJpeg(seed, WIDTH, HEIGHT);
  rendered.set(seed, eye);
  return eye;
}

export async function newFriends(mesh: TestMesh): Promise<Friends> {
  const [ada, ben] = [await newCitizen(mesh), await newCitizen(mesh)];
  const adas = [await uploadOf(ada, await eyeOf(101)), await uploadOf(ada, await eyeOf(102))] as const;
  const bens = await uploadOf(ben, await eyeOf(103));
  await permit(ben, bens, ada);
  return { ada, ben, adas, bens };
}

/**
 * A person with photos, a child, circles, a former e-mail, works with others and jobs under way; a canary is in each
 * place that takes a text or bytes.
 */
export async function newErasureScene(mesh: TestMesh, friends: Friends, size: SceneSize): Promise<ErasureScene> {
  const canary = newCanary();
  const erased = await newCitizen(mesh, `${canary.text} Example`);
  const eyes = await Promise.all([1, 2, 3].map(eyeOf));
  const photoOf = (n: number) => withCanary(eyes[n % eyes.length]!, canary, n);
  const photos: string[] = [];
  for (let n = 0; n < size.photos; n += 1) photos.push(await uploadOf(erased, photoOf(n)));

  const emails = [erased.account.email, `${canary.text}@irisvue.example`];
  await changeEmail(mesh, erased, emails[1]!);
  await erased.circles.createCircle({ requestId: uuidv7(), name: `Only ${canary.text}` });
  const minorId = await withMinor(erased, canary);
  const others = await photosByOthers(erased, friends, canary);
  if (size.processed > 0) {
    const processed = await submit(erased, ...photos.slice(0, size.processed));
    for (const job of await ended(erased, processed)) expect(job.status).toBe(JobStatus.COMPLETED);
  }

  const works: JointWork[] = [];
  for (let n = 0; n < size.artworks; n += 1) {
    works.push(await newJointWork(n, erased, photos[n % photos.length]!, friends));
  }
  const { send } = await announce(erased, photoOf(photos.length));
  const underWay = await submit(erased, ...photos.slice(size.processed, size.processed + 8));
  underWay.push(...(await submit(friends.ada, others)));
  const { artworkId, jobId } = await compose(friends.ada, [friends.adas[0], photos[0]!]);
  underWay.push(jobId);
  works.push({ artworkId, creator: friends.ada, end: 'deleted', staying: [], told: [friends.ada], link: '' });
  return { erased, canary, emails, minorId, works, underWay, sendLate: send };
}

/** Gives the account another e-mail; the old one is told. */
async function changeEmail(mesh: TestMesh, citizen: Citizen, email: string): Promise<void> {
  const account = await readAccount(citizen.home);
  if (account === undefined || !('password' in account)) throw new Error('the account of a test has a password');
  const began = new Date(Date.now() - 1);
  const { password } = account;
  await citizen.identity.sendEmailChange({ requestId: uuidv7(), email, password });
  const link = await mailedLink(mesh.home, { to: email, page: 'change-email', after: began });
  await citizen.identity.changeEmail({ requestId: uuidv7(), token: tokenOf(link!) });
  await writeAccount(citizen.home, { email, password });
}

async function withMinor(parent: Citizen, canary: Canary): Promise<string> {
  const declared = { requestId: uuidv7(), relation: RepresentativeRelation.PARENT, declared: true };
  const { id } = (await parent.subjects.declareMinor(declared)).minor!.subject!;
  const minor = { id, kind: SubjectKind.MINOR };
  await consentFor(parent, minor, `${canary.text} Parent`);
  await uploadOf(parent, withCanary(await eyeOf(9), canary, 200), minor);
  return id;
}

/** A photo of the erased person that a friend took. @returns its id. */
async function photosByOthers(erased: Citizen, { ada }: Friends, canary: Canary): Promise<string> {
  const { token } = await ada.subjects.createSubjectInvitation({ requestId: uuidv7() });
  await erased.subjects.acceptSubjectInvitation({ requestId: uuidv7(), token, fullAge: true });
  return await uploadOf(ada, withCanary(await eyeOf(10), canary, 201), ownEye(erased));
}

/** A finished work of the n-th kind: two that end with the person, two that are remade without. */
async function newJointWork(n: number, erased: Citizen, photo: string, friends: Friends): Promise<JointWork> {
  const { ada, ben, adas, bens } = friends;
  const kinds = [
    { creator: ada, photoIds: [adas[0], photo, adas[1]], staying: [adas[0], adas[1]], told: [ada] },
    { creator: ada, photoIds: [photo, adas[0]], staying: [], told: [ada] },
    { creator: ada, photoIds: [bens, adas[1], photo], staying: [bens, adas[1]], told: [ada, ben] },
    { creator: erased, photoIds: [photo, bens, adas[0]], staying: [], told: [ada, ben] },
  ];
  const { creator, photoIds, staying, told } = kinds[n % kinds.length]!;
  if (creator === erased) {
    await permit(ada, adas[0], erased);
    await permit(ben, bens, erased);
  } else {
    await permit(erased, photo, creator);
  }
  const { artworkId, jobId } = await compose(creator, photoIds);
  const [job] = await ended(creator, [jobId]);
  expect(job?.status).toBe(JobStatus.COMPLETED);
  const { artwork } = await creator.artworks.getArtwork({ artworkId });
  const end = staying.length > 0 ? 'remade' : 'deleted';
  return { artworkId, creator, end, staying, told, link: artwork!.resultUrl };
}
