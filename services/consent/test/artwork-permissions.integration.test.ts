import { timestampFromDate } from '@bufbuild/protobuf/wkt';
import { newId } from '@irisvue/database';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { refusal } from './refusal.ts';
import { type StartedConsent, startConsent } from './started-consent.ts';

let consent: StartedConsent;
beforeAll(async () => {
  consent = await startConsent();
});
afterAll(() => consent[Symbol.asyncDispose]());

const HOUR_MS = 3_600_000;
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
