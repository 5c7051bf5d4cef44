import { create, type DescMessage, type MessageInitShape } from '@bufbuild/protobuf';
import { ConsentPurpose, SubjectKind } from '@irisvue/contracts/irisvue/consent/v1/consent_service';
import { ArtworkPermissionWithdrawnSchema, ConsentWithdrawnSchema } from '@irisvue/contracts/irisvue/consent/v1/events';
import { JobStatus } from '@irisvue/contracts/irisvue/jobs/v1/job';
import type { Photo } from '@irisvue/contracts/irisvue/jobs/v1/photo_service';
import { newId } from '@irisvue/database';
import { appendEvent } from '@irisvue/events';
import { DomainError, ErrorReason, errorDetail } from '@irisvue/runtime';
import { until } from '@irisvue/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { composed, erased, refusal, self, storedKeys } from './erasure-scene.ts';
import { ended, type Harness, type Person, startHarness, uploaded } from './harness.ts';

let harness: Harness;
let ada: Person;
let ben: Person;
let cy: Person;
let photos: { readonly ada: Photo; readonly ben: Photo; readonly cy: Photo };
beforeAll(async () => {
  harness = await startHarness();
});
afterAll(() => harness?.[Symbol.asyncDispose]());
beforeEach(async () => {
  harness.vision.during = () => undefined;
  harness.identity.beforeMail = () => {};
  [ada, ben, cy] = [await harness.person(), await harness.person(), await harness.person()];
  const [adas, bens, cys] = await Promise.all([ada, ben, cy].map((person) => uploaded(harness, person)));
  photos = { ada: adas!, ben: bens!, cy: cys! };
});

const artworkOf = async (id: string) => (await ada.artworks.getArtwork({ artworkId: id })).artwork!;
const linkOf = async (id: string) => (await artworkOf(id)).resultUrl;
const resolve = async (url: string) => (await harness.downloads()).resolveDownload({ token: url.split('/').at(-1)! });
const told = (person: Person) => harness.identity.mailedTo.filter((id) => id === person.id).length;
const rows = async (table: 'withdrawn_sources' | 'joint_notices') =>
  (await harness.db.selectFrom(table).selectAll().execute()).length;

async function publish<S extends DescMessage>(schema: S, fact: MessageInitShape<S>): Promise<void> {
  await harness.db.transaction().execute((trx) => appendEvent(trx, schema, create(schema, fact)));
}

const deletes = (person: Person, photo: Photo) => person.photos.deletePhoto({ requestId: newId(), photoId: photo.id });

/** The work once it is made again. */
async function remade(id: string) {
  await until(async () => (await artworkOf(id)).photoIds.length === 2);
  const { job } = await artworkOf(id);
  expect((await ended(ada, job!))[0]!.status).toBe(JobStatus.COMPLETED);
  return await artworkOf(id);
}
const reasonOf = async (call: Promise<unknown>) =>
  await call.then(
    () => undefined,
    (error: unknown) => errorDetail(error)?.reason,
  );
const gone = (id: string) => until(async () => (await reasonOf(artworkOf(id))) === ErrorReason.NOT_FOUND);

const withdrawals = {
  'a photo that its owner deletes': async () => void (await deletes(ben, photos.ben)),
  'a consent to processing that is withdrawn': () =>
    publish(ConsentWithdrawnSchema, {
      subject: { id: ben.id, kind: SubjectKind.SELF },
      purpose: ConsentPurpose.DATA_PROCESSING,
    }),
  'a permission that is taken back': () => {
    harness.consent.forbid(photos.ben.id, ada.id);
    return publish(ArtworkPermissionWithdrawnSchema, { ownerId: ben.id, creatorId: ada.id });
  },
};

describe.each(Object.entries(withdrawals))('CR-09: %s', (_, withdraw) => {
  test('a work of three is made anew by two, its links die, and the others are told once', async () => {
    const { id } = await composed(harness, ada, [photos.ada, photos.ben, photos.cy]);
    const before = (await storedKeys(harness)).filter((key) => key.includes(id));
    const link = await linkOf(id);
    await withdraw();
    await until(async () => (await reasonOf(resolve(link))) === ErrorReason.LINK_INVALID);
    const now = await remade(id);
    expect(now.photoIds).toEqual([photos.ada.id, photos.cy.id]);
    await expect(resolve(now.resultUrl)).resolves.toBeDefined();
    const keys = await storedKeys(harness);
    expect(before.filter((key) => keys.includes(key))).toEqual([]);
    await until(async () => (await rows('joint_notices')) === 0);
    expect([told(ada), told(cy), told(ben)]).toEqual([1, 1, 0]);
  });

  test('a work of two is gone, and the other is told', async () => {
    const { id } = await composed(harness, ada, [photos.ada, photos.ben]);
    await withdraw();
    await gone(id);
    expect((await storedKeys(harness)).filter((key) => key.includes(id))).toEqual([]);
    await until(async () => (await rows('joint_notices')) === 0);
    expect([told(ada), told(ben)]).toEqual([1, 0]);
  });
});

test('two who leave one after the other: the work is gone, and its maker told twice', async () => {
  const { id } = await composed(harness, ada, [photos.ada, photos.ben, photos.cy]);
  await deletes(ben, photos.ben);
  await remade(id);
  await deletes(cy, photos.cy);
  await gone(id);
  await until(async () => (await rows('joint_notices')) === 0);
  expect(told(ada)).toBe(2);
});

test('a work of one person alone goes with its photo, as before', async () => {
  const second = await uploaded(harness, ada);
  const third = await uploaded(harness, ada);
  const { id } = await composed(harness, ada, [photos.ada, second, third]);
  await deletes(ada, third);
  expect((await refusal(artworkOf(id))).reason).toBe(ErrorReason.NOT_FOUND);
  expect(told(ada)).toBe(0);
});

test('a permission that another one covers changes nothing', async () => {
  const { id } = await composed(harness, ada, [photos.ada, photos.ben]);
  const link = await linkOf(id);
  await publish(ArtworkPermissionWithdrawnSchema, { ownerId: ben.id, creatorId: ada.id });
  const { id: other } = await composed(harness, ada, [photos.ada, photos.cy]);
  // Events are read in order: when the second one was dealt with, so was the first.
  harness.consent.forbid(photos.cy.id, ada.id);
  await publish(ArtworkPermissionWithdrawnSchema, { ownerId: cy.id, creatorId: ada.id });
  await gone(other);
  await expect(resolve(link)).resolves.toBeDefined();
});

test('whoever is being erased is left to the erasure, which tells of the work itself', async () => {
  const { id } = await composed(harness, ada, [photos.ada, photos.ben, photos.cy]);
  await publish(ConsentWithdrawnSchema, {
    subject: { id: ben.id, kind: SubjectKind.SELF },
    purpose: ConsentPurpose.DATA_PROCESSING,
    byErasure: true,
  });
  const { jointWorks } = await erased(harness, self(ben));
  expect(jointWorks.map((work) => [work.artworkId, work.otherUserIds])).toEqual([[id, [ada.id, cy.id].sort()]]);
  expect((await remade(id)).photoIds).toEqual([photos.ada.id, photos.cy.id]);
  expect(await rows('withdrawn_sources')).toBe(0);
  expect([told(ada), told(cy)]).toEqual([0, 0]);
});

test('while nobody can be told, it stays noted; and an erased person’s notice goes with them', async () => {
  harness.identity.beforeMail = () => {
    throw new DomainError(ErrorReason.DEPENDENCY_DOWN, 'down', { dependency: 'database' });
  };
  const { id } = await composed(harness, ada, [photos.ada, photos.ben]);
  await deletes(ben, photos.ben);
  await gone(id);
  expect(await rows('joint_notices')).toBe(1);
  await erased(harness, self(ada));
  expect(await rows('joint_notices')).toBe(0);
  harness.identity.beforeMail = () => {};
});
