import type { MessageInitShape } from '@bufbuild/protobuf';
import { timestampFromDate } from '@bufbuild/protobuf/wkt';
import { ArtworkPermissionState, ArtworkPurpose } from '@irisvue/contracts/irisvue/consent/v1/artwork_permission';
import type { CheckArtworkPermissionRequestSchema } from '@irisvue/contracts/irisvue/consent/v1/consent_service';
import { newId } from '@irisvue/database';
import { verifyReceipt } from '@irisvue/receipts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { refusal } from './refusal.ts';
import { type StartedConsent, startConsent } from './started-consent.ts';

let consent: StartedConsent;
beforeAll(async () => {
  consent = await startConsent();
});
afterAll(() => consent[Symbol.asyncDispose]());

const HOUR_MS = 3_600_000;
const { REQUESTED, GRANTED, DENIED, WITHDRAWN, EXPIRED } = ArtworkPermissionState;
const scope = () => ({ photoId: newId(), creatorId: newId() });
const pending = async (creatorId: string, ...photos: { photoId: string; ownerId: string }[]) => {
  const checks = consent.checks(await consent.serviceToken('jobs'));
  return (await checks.checkArtworkPermission({ creatorId, photos })).pendingPhotoIds;
};
const eventsOf = (photoId: string) =>
  consent.db.selectFrom('artwork_permission_events').selectAll().where('photo_id', '=', photoId).execute();

describe('a permission', () => {
  test('is for one photo and one creator', async () => {
    const owner = await consent.user();
    const { photoId, creatorId } = scope();
    const photo = { photoId, ownerId: owner.id };
    const otherPhoto = { photoId: newId(), ownerId: owner.id };
    expect(await pending(creatorId, photo)).toEqual([photoId]);
    await owner.api.grantArtworkPermission({ requestId: newId(), photoId, creatorId });
    expect(await pending(creatorId, photo)).toEqual([]);
    expect(await pending(creatorId, otherPhoto, photo)).toEqual([otherPhoto.photoId]);
    expect(await pending(newId(), photo)).toEqual([photoId]);
  });

  test('is not needed for one’s own photo', async () => {
    const creatorId = newId();
    const foreign = { photoId: newId(), ownerId: newId() };
    expect(await pending(creatorId, { photoId: newId(), ownerId: creatorId }, foreign)).toEqual([foreign.photoId]);
    expect(await pending(creatorId, { photoId: newId(), ownerId: creatorId })).toEqual([]);
  });

  test('from somebody who does not own the photo is worth nothing', async () => {
    const thief = await consent.user();
    const { photoId, creatorId } = scope();
    await thief.api.grantArtworkPermission({ requestId: newId(), photoId, creatorId });
    expect(await pending(creatorId, { photoId, ownerId: newId() })).toEqual([photoId]);
  });

  test('ends when it says', async () => {
    const owner = await consent.user();
    const { photoId, creatorId } = scope();
    const photo = { photoId, ownerId: owner.id };
    const expireTime = timestampFromDate(new Date(consent.clock.now().getTime() + HOUR_MS));
    await owner.api.grantArtworkPermission({ requestId: newId(), photoId, creatorId, expireTime });
    consent.pass(HOUR_MS - 1);
    expect(await pending(creatorId, photo)).toEqual([]);
    consent.pass(1);
    expect(await pending(creatorId, photo)).toEqual([photoId]);
  });

  test('cannot end before it begins', async () => {
    const owner = await consent.user();
    const request = { requestId: newId(), ...scope(), expireTime: timestampFromDate(consent.clock.now()) };
    expect(await refusal(owner.api.grantArtworkPermission(request))).toEqual({
      code: 'InvalidArgument',
      reason: 'INVALID_FIELD',
      metadata: { field: 'expire_time', limit: 'later than now' },
    });
  });

  test('given twice, or many times at once, is one', async () => {
    const owner = await consent.user();
    const { photoId, creatorId } = scope();
    const give = () => owner.api.grantArtworkPermission({ requestId: newId(), photoId, creatorId });
    await Promise.all([give(), give(), give(), give()]);
    expect(await eventsOf(photoId)).toHaveLength(1);
  });

  test('can be given again with another end', async () => {
    const owner = await consent.user();
    const { photoId, creatorId } = scope();
    const photo = { photoId, ownerId: owner.id };
    const expireTime = timestampFromDate(new Date(consent.clock.now().getTime() + 1_000));
    await owner.api.grantArtworkPermission({ requestId: newId(), photoId, creatorId, expireTime });
    await owner.api.grantArtworkPermission({ requestId: newId(), photoId, creatorId });
    consent.pass(2_000);
    expect(await pending(creatorId, photo)).toEqual([]);
  });

  test('is taken back at once, and taking it back is harmless when there is none', async () => {
    const owner = await consent.user();
    const { photoId, creatorId } = scope();
    const take = () => owner.api.withdrawArtworkPermission({ requestId: newId(), photoId, creatorId });
    await take();
    await owner.api.grantArtworkPermission({ requestId: newId(), photoId, creatorId });
    await take();
    await take();
    expect(await pending(creatorId, { photoId, ownerId: owner.id })).toEqual([photoId]);
    expect(await eventsOf(photoId)).toHaveLength(2);
  });

  test('is not taken back by somebody else', async () => {
    const [owner, other] = [await consent.user(), await consent.user()];
    const { photoId, creatorId } = scope();
    await owner.api.grantArtworkPermission({ requestId: newId(), photoId, creatorId });
    await other.api.withdrawArtworkPermission({ requestId: newId(), photoId, creatorId });
    expect(await pending(creatorId, { photoId, ownerId: owner.id })).toEqual([]);
  });

  test('is not restored by a late repeat of its grant', async () => {
    const owner = await consent.user();
    const request = { requestId: newId(), ...scope() };
    await owner.api.grantArtworkPermission(request);
    await owner.api.withdrawArtworkPermission({ ...request, requestId: newId() });
    await owner.api.grantArtworkPermission(request);
    expect(await pending(request.creatorId, { photoId: request.photoId, ownerId: owner.id })).toEqual([
      request.photoId,
    ]);
  });

  test('asked with a request id of another request is refused', async () => {
    const owner = await consent.user();
    const request = { requestId: newId(), ...scope() };
    await owner.api.grantArtworkPermission(request);
    const other = owner.api.grantArtworkPermission({ ...request, creatorId: newId() });
    expect((await refusal(other)).reason).toBe('REQUEST_ID_REUSED');
  });
});

describe('a permission with a scope (CR-20)', () => {
  const { FUSION, COMPOSITION } = ArtworkPurpose;
  const checking = async (request: MessageInitShape<typeof CheckArtworkPermissionRequestSchema>) =>
    (await consent.checks(await consent.serviceToken('jobs')).checkArtworkPermission(request)).pendingPhotoIds;

  test('holds for its kind, circle, artwork and recipients, and for nothing else', async () => {
    const owner = await consent.user();
    const [creatorId, photoId, circleId, artworkId] = [newId(), newId(), newId(), newId()];
    const narrow = { purpose: FUSION, circleId, artworkId, recipients: ['printer'] };
    await owner.api.grantArtworkPermission({ requestId: newId(), photoId, creatorId, ...narrow });
    const use = { creatorId, photos: [{ photoId, ownerId: owner.id }], purpose: FUSION, circleId, artworkId };
    expect(await checking(use)).toEqual([]);
    expect(await checking({ ...use, recipient: 'printer' })).toEqual([]);
    for (const other of [
      { purpose: COMPOSITION },
      { purpose: ArtworkPurpose.UNSPECIFIED },
      { circleId: newId() },
      { circleId: '' },
      { artworkId: newId() },
      { artworkId: '' },
      { recipient: 'whatsapp' },
      { creatorId: newId() },
    ]) {
      expect(await checking({ ...use, ...other }), JSON.stringify(other)).toEqual([photoId]);
    }
  });

  test('is one of its own: what is given for a circle neither widens nor ends what is given outside', async () => {
    const owner = await consent.user();
    const [creatorId, photoId, circleId] = [newId(), newId(), newId()];
    const outside = { requestId: newId(), photoId, creatorId };
    await owner.api.grantArtworkPermission(outside);
    const inCircle = await owner.api.grantArtworkPermission({ ...outside, requestId: newId(), circleId });
    const { permissions } = await owner.api.listArtworkPermissions({});
    expect(permissions.map(({ scope: of }) => of?.circleId)).toEqual([circleId, '']);
    expect(permissions[0]).toEqual(inCircle.permission);
    const again = await owner.api.grantArtworkPermission({ ...outside, requestId: newId(), circleId });
    expect(again).toEqual(inCircle);
  });

  test('for a whole artwork needs no photo, and one of them has to be named', async () => {
    const owner = await consent.user();
    const [creatorId, artworkId] = [newId(), newId()];
    await owner.api.grantArtworkPermission({ requestId: newId(), artworkId, creatorId });
    const photos = [{ photoId: newId(), ownerId: owner.id }];
    expect(await checking({ creatorId, photos, artworkId, purpose: FUSION })).toEqual([]);
    const nothing = owner.api.grantArtworkPermission({ requestId: newId(), creatorId });
    expect((await refusal(nothing)).metadata).toEqual({ field: 'photo_id', limit: 'a photo or an artwork' });
  });

  test('is taken back whole: every scope of that photo for that person, in one call', async () => {
    const owner = await consent.user();
    const [creatorId, photoId, circleId] = [newId(), newId(), newId()];
    for (const over of [{}, { circleId }, { purpose: FUSION }]) {
      await owner.api.grantArtworkPermission({ requestId: newId(), photoId, creatorId, ...over });
    }
    const kept = { requestId: newId(), photoId: newId(), creatorId };
    await owner.api.grantArtworkPermission(kept);
    const request = { requestId: newId(), photoId, creatorId };
    const { receipts } = await owner.api.withdrawArtworkPermission(request);
    expect(receipts).toHaveLength(3);
    expect((await owner.api.withdrawArtworkPermission(request)).receipts).toEqual(receipts);
    expect((await owner.api.withdrawArtworkPermission({ ...request, requestId: newId() })).receipts).toEqual([]);
    const states = (await owner.api.listArtworkPermissions({})).permissions.map(({ state }) => state);
    expect(states).toEqual([GRANTED, WITHDRAWN, WITHDRAWN, WITHDRAWN]);
  });
});

describe('a permission that is asked for', () => {
  async function asked(over: { recipients?: string[] } = {}) {
    const [owner, creator] = [await consent.user(), await consent.user()];
    const of = { photoId: newId(), purpose: ArtworkPurpose.FUSION };
    const ask = (requestId = newId()) =>
      creator.api.requestArtworkPermission({ requestId, ownerId: owner.id, scope: of, ...over });
    const grant = () => owner.api.grantArtworkPermission({ requestId: newId(), creatorId: creator.id, ...of, ...over });
    const { permission, receipt } = await ask();
    const check = () => pending(creator.id, { photoId: of.photoId, ownerId: owner.id });
    return { owner, creator, of, ask, grant, permission: permission!, receipt, check };
  }
  const receiptOf = async (jws: string) =>
    verifyReceipt(jws, JSON.parse((await consent.publicApi().listReceiptKeys({})).jwks));

  test('waits, is seen by both, and is mailed to the owner once', async () => {
    const { owner, creator, of, ask, permission } = await asked();
    expect(permission).toMatchObject({ ownerId: owner.id, creatorId: creator.id, scope: of, state: REQUESTED });
    const requestId = newId();
    for (const id of [requestId, requestId, newId()]) expect((await ask(id)).permission).toEqual(permission);
    for (const { api } of [owner, creator]) {
      expect((await api.listArtworkPermissions({})).permissions).toEqual([permission]);
    }
    const mails = consent.mails.filter(({ userId }) => userId === owner.id);
    expect(new Set(mails.map((mail) => mail.requestId)).size).toBe(1);
    expect(await eventsOf(of.photoId)).toHaveLength(1);
    expect((await (await consent.user()).api.listArtworkPermissions({})).permissions).toEqual([]);
  });

  test('gives nothing until it is granted, and its receipt tells the course', async () => {
    const { owner, creator, grant, permission } = await asked({ recipients: ['printer'] });
    const photo = { photoId: permission.scope!.photoId, ownerId: owner.id };
    const use = { creatorId: creator.id, photos: [photo], purpose: ArtworkPurpose.FUSION };
    const checks = consent.checks(await consent.serviceToken('jobs'));
    expect((await checks.checkArtworkPermission(use)).pendingPhotoIds).toEqual([photo.photoId]);
    const granted = await grant();
    expect(granted.permission).toMatchObject({ id: permission.id, state: GRANTED, recipients: ['printer'] });
    expect((await checks.checkArtworkPermission(use)).pendingPhotoIds).toEqual([]);
    const record = await receiptOf(granted.receipt);
    expect(record.events.map(({ state }) => state)).toEqual(['requested', 'given']);
    expect(record.processing[0]).toMatchObject({
      purpose: 'artwork_use',
      third_party_recipients: ['printer'],
      scope: { photo_id: photo.photoId, artwork_purpose: 'fusion', grantee: record.events[0]!.entity },
    });
    for (const id of [owner.id, creator.id]) expect(JSON.stringify(record)).not.toContain(id);
  });

  test('and denied stays denied, whoever asks again, until the owner grants', async () => {
    const { owner, ask, grant, permission, check } = await asked();
    const deny = () => owner.api.denyArtworkPermission({ requestId: newId(), permissionId: permission.id });
    const denied = await deny();
    expect(denied.permission).toMatchObject({ id: permission.id, state: DENIED });
    expect((await receiptOf(denied.receipt)).events.map(({ state }) => state)).toEqual(['requested', 'refused']);
    expect((await deny()).receipt).toBe(denied.receipt);
    expect((await ask()).permission!.state).toBe(DENIED);
    expect(await check()).not.toEqual([]);
    expect((await grant()).permission!.state).toBe(GRANTED);
    expect((await deny()).permission!.state).toBe(GRANTED);
  });

  test('is denied by its owner only', async () => {
    const { creator, permission } = await asked();
    for (const { api } of [creator, await consent.user()]) {
      const denying = api.denyArtworkPermission({ requestId: newId(), permissionId: permission.id });
      expect((await refusal(denying)).reason).toBe('NOT_FOUND');
    }
  });

  test('can be asked for anew when it was taken back or has ended', async () => {
    const { owner, creator, of, ask, permission } = await asked();
    const expireTime = timestampFromDate(new Date(consent.clock.now().getTime() + 1_000));
    const grant = { requestId: newId(), creatorId: creator.id, ...of, expireTime };
    await owner.api.grantArtworkPermission(grant);
    expect((await ask()).permission!.state).toBe(GRANTED);
    consent.pass(1_000);
    expect((await owner.api.listArtworkPermissions({})).permissions[0]).toMatchObject({ state: EXPIRED, expireTime });
    expect((await ask()).permission).toMatchObject({ id: permission.id, state: REQUESTED });
  });

  test('of oneself, for a recipient that is not offered, or too often, is refused', async () => {
    const [owner, creator] = [await consent.user(), await consent.user()];
    const request = () => ({ requestId: newId(), ownerId: owner.id, scope: { photoId: newId() } });
    const own = creator.api.requestArtworkPermission({ ...request(), ownerId: creator.id });
    expect((await refusal(own)).metadata).toMatchObject({ field: 'owner_id' });
    const elsewhere = creator.api.requestArtworkPermission({ ...request(), recipients: ['postman'] });
    expect((await refusal(elsewhere)).metadata).toMatchObject({ field: 'recipients' });
    for (let i = 0; i < 10; i++) await creator.api.requestArtworkPermission(request());
    expect((await refusal(creator.api.requestArtworkPermission(request()))).reason).toBe('RATE_LIMITED');
    const page = await owner.api.listArtworkPermissions({ pageSize: 6 });
    const rest = await owner.api.listArtworkPermissions({ pageSize: 6, pageToken: page.nextPageToken });
    expect([page.permissions.length, rest.permissions.length, rest.nextPageToken]).toEqual([6, 4, '']);
  });
});
