import { timestampFromDate } from '@bufbuild/protobuf/wkt';
import { createClient } from '@connectrpc/connect';
import { ArtworkPermissionState, ArtworkPurpose } from '@irisvue/contracts/irisvue/consent/v1/artwork_permission';
import { CircleService } from '@irisvue/contracts/irisvue/identity/v1/circle_service';
import { JobStatus } from '@irisvue/contracts/irisvue/jobs/v1/job';
import { ErrorReason } from '@irisvue/runtime';
import { v7 as uuidv7 } from 'uuid';
import { expect, test } from 'vitest';
import { ended } from '../person.ts';
import { compose, consentingCitizen, refusal, statusOf, upload } from './people.ts';
import { scene } from './scene.ts';

const REFUSED = ErrorReason.CONSENT_REQUIRED;

async function twoPeople() {
  const [owner, creator] = await Promise.all([consentingCitizen(), consentingCitizen()]);
  const [theirs, own] = [await upload(owner, 1), await upload(creator, 2)];
  const permission = { photoId: theirs, creatorId: creator.eye.id };
  const allow = (scope: object = {}) =>
    owner.consent.grantArtworkPermission({ requestId: uuidv7(), ...permission, ...scope });
  const forbid = () => owner.consent.withdrawArtworkPermission({ requestId: uuidv7(), ...permission });
  return { owner, creator, photos: [own, theirs], theirs, allow, forbid };
}

test('CR-20: granting twice is harmless: one permission, one event, and one withdrawal ends it', async () => {
  const { owner, creator, photos, allow, forbid } = await twoPeople();
  const [first, second] = [await allow(), await allow()];
  expect(second.permission!.id).toBe(first.permission!.id);
  expect(second.receipt).toBe(first.receipt);
  const { permissions } = await owner.consent.listArtworkPermissions({});
  expect(permissions.map(({ state }) => state)).toEqual([ArtworkPermissionState.GRANTED]);
  expect((await forbid()).receipts).toHaveLength(1);
  expect(await refusal(compose(creator, photos))).toBe(REFUSED);
});

test('CR-20: a permission holds for its photo, person, purpose and circle, and for nothing else', async () => {
  const { owner, creator, photos, allow, forbid } = await twoPeople();
  expect(await refusal(compose(creator, photos))).toBe(REFUSED);
  await allow({ purpose: ArtworkPurpose.FUSION });
  expect(await refusal(compose(creator, photos))).toBe(REFUSED);
  await forbid();
  await allow({ artworkId: uuidv7() });
  expect(await refusal(compose(creator, photos))).toBe(REFUSED);
  await forbid();

  await allow({ purpose: ArtworkPurpose.COMPOSITION });
  const other = await consentingCitizen();
  expect(await refusal(compose(other, [await upload(other, 3), photos[1]!]))).toBe(REFUSED);
  expect(await refusal(compose(creator, [photos[0]!, await upload(owner, 4)]))).toBe(REFUSED);
  const circles = createClient(CircleService, creator.account.transport);
  const { circle } = await circles.createCircle({ requestId: uuidv7(), name: 'Friends' });
  expect(await refusal(compose(creator, photos, circle!.id))).toBe(REFUSED);
  const { job } = await compose(creator, photos);
  expect((await ended(creator, [job!.id]))[0]!.status).toBe(JobStatus.COMPLETED);
});

test('CR-20: what may be used until a moment may not be used after it', async () => {
  const { creator, photos, allow } = await twoPeople();
  const { clock } = scene();
  await allow({ expireTime: timestampFromDate(new Date(clock.now().getTime() + 600_000)) });
  const artwork = await compose(creator, photos);
  await ended(creator, [artwork.job!.id]);
  const { resultUrl } = (await creator.artworks.getArtwork({ artworkId: artwork.id })).artwork!;
  expect(await statusOf(resultUrl)).toBe(200);
  await clock.forward({ minutes: 11 });
  expect(await statusOf(resultUrl)).toBeGreaterThanOrEqual(400);
  expect(await refusal(compose(creator, photos))).toBe(REFUSED);
});
