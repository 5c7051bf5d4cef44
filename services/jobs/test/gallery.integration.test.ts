import { ConsentPurpose } from '@irisvue/contracts/irisvue/consent/v1/consent_service';
import { CompositionLayout } from '@irisvue/contracts/irisvue/fusion/v1/fusion_service';
import type { Artwork } from '@irisvue/contracts/irisvue/jobs/v1/artwork_service';
import { newId } from '@irisvue/database';
import { ErrorReason, errorDetail } from '@irisvue/runtime';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { ended, type Harness, type Person, startHarness, uploaded } from './harness.ts';

let harness: Harness;
let creator: Person;
let viewer: Person;
let circleId: string;
beforeAll(async () => {
  harness = await startHarness();
});
afterAll(() => harness?.[Symbol.asyncDispose]());
beforeEach(async () => {
  harness.vision.during = () => undefined;
  [creator, viewer] = await Promise.all([harness.person(), harness.person()]);
  circleId = newId();
  harness.identity.join(circleId, creator.id, viewer.id);
});

const composition = { case: 'composition', value: { layout: CompositionLayout.HORIZONTAL } } as const;
/** Submits a composition of two photos; of the creator's own unless told otherwise. */
async function submitted(o: { readonly photoIds?: string[]; readonly shared?: string; readonly by?: Person } = {}) {
  const by = o.by ?? creator;
  const own = async () => [(await uploaded(harness, by)).id, (await uploaded(harness, by)).id];
  const photoIds = o.photoIds ?? (await own());
  const request = { requestId: newId(), photoIds, spec: composition, circleId: o.shared ?? '' };
  return (await by.artworks.createArtwork(request)).artwork!;
}
async function made(o: Parameters<typeof submitted>[0] = {}): Promise<Artwork> {
  const artwork = await submitted(o);
  await ended(o.by ?? creator, artwork.job!);
  return artwork;
}
const share = (person: Person, artworkId: string, circle = circleId) =>
  person.artworks.shareArtwork({ requestId: newId(), artworkId, circleId: circle });
const unshare = (person: Person, artworkId: string) =>
  person.artworks.unshareArtwork({ requestId: newId(), artworkId });
const gallery = async (person: Person, circle = circleId) =>
  (await person.artworks.listArtworks({ circleId: circle })).artworks;
const idsIn = async (person: Person, circle?: string) => (await gallery(person, circle)).map(({ id }) => id);
const seen = async (person: Person, artworkId: string) => (await person.artworks.getArtwork({ artworkId })).artwork!;
const open = async (url: string) =>
  await (await harness.downloads()).resolveDownload({ token: url.split('/').at(-1)! });
async function refusal(call: Promise<unknown>) {
  const error = await call.then(
    () => expect.fail('the call was not refused'),
    (thrown: unknown) => thrown,
  );
  const { reason, metadata } = errorDetail(error)!;
  return { reason, metadata };
}
const notFound = (resource: string, id: string) => ({ reason: ErrorReason.NOT_FOUND, metadata: { resource, id } });
const revoked = { reason: ErrorReason.LINK_INVALID, metadata: { problem: 'revoked' } };

describe('a gallery', () => {
  test('shows what members shared, last shared first, page by page', async () => {
    const [older, newer] = [await made(), await made()];
    const theirs = await made({ by: viewer });
    await share(creator, newer.id);
    await share(viewer, theirs.id);
    await share(creator, older.id);
    const order = [older.id, theirs.id, newer.id];
    expect(await idsIn(creator)).toEqual(order);
    expect(await idsIn(viewer)).toEqual(order);
    const first = await viewer.artworks.listArtworks({ circleId, pageSize: 2 });
    const second = await viewer.artworks.listArtworks({ circleId, pageSize: 2, pageToken: first.nextPageToken });
    expect([...first.artworks, ...second.artworks].map(({ id }) => id)).toEqual(order);
    expect(second.nextPageToken).toBe('');
  });

  test('shows an artwork that was made for it once it is completed', async () => {
    const held = Promise.withResolvers<void>();
    harness.vision.during = () => held.promise;
    const artwork = await submitted({ shared: circleId });
    expect(artwork).toMatchObject({ circleId, shareTime: expect.anything() });
    expect(await idsIn(viewer)).toEqual([]);
    expect(await refusal(seen(viewer, artwork.id))).toEqual(notFound('artwork', artwork.id));
    held.resolve();
    await ended(creator, artwork.job!);
    expect(await idsIn(viewer)).toEqual([artwork.id]);
  });

  test('tells members nothing of the photos, nor of the job', async () => {
    const { id } = await made({ shared: circleId });
    const [listed] = await gallery(viewer);
    const got = await seen(viewer, id);
    for (const artwork of [listed!, got]) {
      expect(artwork).toMatchObject({ id, creatorId: creator.id, circleId, photoIds: [] });
      expect(artwork.job).toBeUndefined();
      expect(artwork.completeTime).toBeDefined();
    }
    expect(listed).toMatchObject({ resultUrl: '', thumbnailUrl: expect.stringContaining('/v1/downloads/') });
    expect((await gallery(creator))[0]).toMatchObject({ photoIds: [expect.any(String), expect.any(String)] });
    const own = await seen(creator, id);
    expect(await refusal(viewer.photos.getPhoto({ photoId: own.photoIds[0]! }))).toEqual(
      notFound('photo', own.photoIds[0]!),
    );
    expect(await refusal(viewer.jobs.getJob({ jobId: own.job!.id }))).toEqual(notFound('job', own.job!.id));
  });

  test('leaves the lists of each member’s own artworks as they are', async () => {
    const { id } = await made({ shared: circleId });
    expect((await creator.artworks.listArtworks({})).artworks.map((artwork) => artwork.id)).toEqual([id]);
    expect((await viewer.artworks.listArtworks({})).artworks).toEqual([]);
  });

  test('does not exist for a stranger, nor does what is in it', async () => {
    const { id } = await made({ shared: circleId });
    const stranger = await harness.person();
    expect(await refusal(gallery(stranger))).toEqual(notFound('circle', circleId));
    expect(await refusal(gallery(stranger, newId()))).toMatchObject({ reason: ErrorReason.NOT_FOUND });
    expect(await refusal(seen(stranger, id))).toEqual(notFound('artwork', id));
    const mine = await made({ by: stranger });
    expect(await refusal(share(stranger, mine.id))).toEqual(notFound('circle', circleId));
    expect(await refusal(submitted({ by: stranger, shared: circleId }))).toEqual(notFound('circle', circleId));
    expect((await stranger.artworks.listArtworks({})).artworks.map((artwork) => artwork.id)).toEqual([mine.id]);
  });
});

describe('an artwork', () => {
  test('that is not shared is its creator’s alone, also within a circle', async () => {
    const { id } = await made();
    expect(await refusal(seen(viewer, id))).toEqual(notFound('artwork', id));
    expect(await idsIn(viewer)).toEqual([]);
  });

  test('is shared and taken out by its creator only', async () => {
    const { id } = await made({ shared: circleId });
    expect(await refusal(share(viewer, id))).toEqual(notFound('artwork', id));
    expect(await refusal(unshare(viewer, id))).toEqual(notFound('artwork', id));
    const revoke = { requestId: newId(), resource: { case: 'artworkId', value: id } } as const;
    expect(await refusal(viewer.artworks.revokeLinks(revoke))).toEqual(notFound('artwork', id));
    expect((await unshare(creator, id)).artwork).toMatchObject({ circleId: '' });
    expect(await idsIn(viewer)).toEqual([]);
    await unshare(creator, id);
  });

  test('is in one gallery at most: sharing moves it', async () => {
    const other = newId();
    harness.identity.join(other, creator.id, viewer.id);
    const { id } = await made({ shared: circleId });
    await share(creator, id, other);
    expect(await idsIn(viewer)).toEqual([]);
    expect(await idsIn(viewer, other)).toEqual([id]);
  });

  test('is shared once by one request_id', async () => {
    const [{ id }, later] = [await made(), await made()];
    const request = { requestId: newId(), artworkId: id, circleId };
    await creator.artworks.shareArtwork(request);
    await share(creator, later.id);
    await creator.artworks.shareArtwork(request);
    expect(await idsIn(viewer)).toEqual([later.id, id]);
    const other = creator.artworks.shareArtwork({ ...request, artworkId: later.id });
    expect((await refusal(other)).reason).toBe(ErrorReason.REQUEST_ID_REUSED);
  });

  test('goes with its photo', async () => {
    const artwork = await made({ shared: circleId });
    await creator.photos.deletePhoto({ requestId: newId(), photoId: artwork.photoIds[0]! });
    expect(await idsIn(viewer)).toEqual([]);
    expect(await refusal(seen(viewer, artwork.id))).toEqual(notFound('artwork', artwork.id));
  });

  test('with somebody else’s iris is shared with the circles only that its owner permits', async () => {
    const photos = [await uploaded(harness, creator), await uploaded(harness, viewer)];
    const [own, foreign] = [photos[0]!.id, photos[1]!.id];
    const pending = { reason: ErrorReason.CONSENT_REQUIRED, metadata: { purpose: 'artwork', pending: foreign } };
    harness.consent.permit(foreign, creator.id);
    expect(await refusal(submitted({ photoIds: [own, foreign], shared: circleId }))).toEqual(pending);
    const { id } = await made({ photoIds: [own, foreign] });
    expect(await refusal(share(creator, id))).toEqual(pending);
    harness.consent.permit(foreign, creator.id, circleId);
    await share(creator, id);
    expect(await idsIn(viewer)).toEqual([id]);
    await open((await seen(viewer, id)).resultUrl);
  });
});

describe('leaving', () => {
  test('takes one’s art out at once, kills the links that members hold, and joining again does not bring it back', async () => {
    const { id } = await made({ shared: circleId });
    const { resultUrl, thumbnailUrl } = await seen(viewer, id);
    const listed = (await gallery(viewer))[0]!.thumbnailUrl;
    for (const url of [resultUrl, thumbnailUrl, listed]) await open(url);

    harness.identity.leave(circleId, creator.id);
    expect(await idsIn(viewer)).toEqual([]);
    expect(await refusal(seen(viewer, id))).toEqual(notFound('artwork', id));
    for (const url of [resultUrl, thumbnailUrl, listed]) expect(await refusal(open(url))).toEqual(revoked);

    harness.identity.join(circleId, creator.id);
    expect(await idsIn(viewer)).toEqual([]);
    expect(await refusal(open(resultUrl))).toEqual(revoked);
    await share(creator, id);
    expect(await idsIn(viewer)).toEqual([id]);
  });

  test('leaves the art with its creator, whose own links go on', async () => {
    const { id } = await made({ shared: circleId });
    const { resultUrl } = await seen(creator, id);
    harness.identity.leave(circleId, creator.id);
    harness.identity.leave(circleId, viewer.id);
    await open(resultUrl);
    await open((await seen(creator, id)).thumbnailUrl);
    expect(await refusal(gallery(creator))).toEqual(notFound('circle', circleId));
  });

  test('ends what the former member could see: gallery, artwork and links', async () => {
    const { id } = await made({ shared: circleId });
    const { resultUrl } = await seen(viewer, id);
    harness.identity.leave(circleId, viewer.id);
    expect(await refusal(gallery(viewer))).toEqual(notFound('circle', circleId));
    expect(await refusal(seen(viewer, id))).toEqual(notFound('artwork', id));
    expect(await refusal(open(resultUrl))).toEqual(revoked);
    expect(await idsIn(creator)).toEqual([id]);
  });
});

describe('a member’s link', () => {
  test('dies when the creator takes the artwork out, or revokes its links', async () => {
    const { id } = await made({ shared: circleId });
    const { resultUrl } = await seen(viewer, id);
    await creator.artworks.revokeLinks({ requestId: newId(), resource: { case: 'artworkId', value: id } });
    expect(await refusal(open(resultUrl))).toEqual(revoked);
    const fresh = (await seen(viewer, id)).resultUrl;
    await open(fresh);
    await unshare(creator, id);
    expect(await refusal(open(fresh))).toEqual(revoked);
  });

  test('dies when the consent of a subject is withdrawn', async () => {
    const { id } = await made({ shared: circleId });
    const { resultUrl } = await seen(viewer, id);
    harness.consent.withdraw(creator.id, ConsentPurpose.DATA_PROCESSING);
    expect((await refusal(open(resultUrl))).reason).toBe(ErrorReason.CONSENT_REQUIRED);
  });
});

test('without identity members see nothing, and creators go on with what is their own', async () => {
  await using own = await startHarness();
  const [maker, member] = [await own.person(), await own.person()];
  const circle = newId();
  own.identity.join(circle, maker.id, member.id);
  const photoIds = [(await uploaded(own, maker)).id, (await uploaded(own, maker)).id];
  const request = { requestId: newId(), photoIds, spec: composition, circleId: circle };
  const { artwork } = await maker.artworks.createArtwork(request);
  await ended(maker, artwork!.job!);
  const artworkId = artwork!.id;
  const memberUrl = (await member.artworks.getArtwork({ artworkId })).artwork!.resultUrl;
  const makerUrl = (await maker.artworks.getArtwork({ artworkId })).artwork!.resultUrl;
  const downloads = await own.downloads();
  const follow = (url: string) => downloads.resolveDownload({ token: url.split('/').at(-1)! });

  await own.identity.stop();
  const down = { reason: ErrorReason.DEPENDENCY_DOWN, metadata: { dependency: 'identity' } };
  expect(await refusal(member.artworks.listArtworks({ circleId: circle }))).toEqual(down);
  expect(await refusal(member.artworks.getArtwork({ artworkId }))).toEqual(down);
  expect(await refusal(follow(memberUrl))).toEqual(down);
  const shareAgain = maker.artworks.shareArtwork({ requestId: newId(), artworkId, circleId: circle });
  expect(await refusal(shareAgain)).toEqual(down);
  await maker.artworks.getArtwork({ artworkId });
  await follow(makerUrl);
  await maker.artworks.unshareArtwork({ requestId: newId(), artworkId });
});

test('identity is asked at each read of what is not one’s own, and never otherwise', async () => {
  const { id } = await made({ shared: circleId });
  const url = (await seen(viewer, id)).resultUrl;
  const before = harness.identity.memberQuestions();
  await gallery(viewer);
  await seen(viewer, id);
  await open(url);
  expect(harness.identity.memberQuestions()).toBe(before + 3);
  await open((await seen(creator, id)).resultUrl);
  await creator.artworks.listArtworks({});
  expect(harness.identity.memberQuestions()).toBe(before + 3);
});
