import { ConsentCheckService, type ConsentPurpose } from '@irisvue/contracts/irisvue/consent/v1/consent_service';
import { createServiceClient, ErrorReason } from '@irisvue/runtime';
import { v7 as uuidv7 } from 'uuid';
import { expect, test } from 'vitest';
import {
  BIOMETRIC_CAPTURE,
  type Citizen,
  DATA_PROCESSING,
  grant,
  newCitizen,
  refusal,
  upload,
  withdraw,
} from './people.ts';
import { scene, tokenOfService } from './scene.ts';

/** The door at which a service of the mesh asks whether it may disclose something. */
async function checks() {
  const token = await tokenOfService('jobs');
  const url = (await scene().mesh.process('consent')).url!;
  return createServiceClient(ConsentCheckService, { url, token: async () => token });
}

test('CR-15: nothing may be disclosed to a recipient whom the consent for that purpose does not name', async () => {
  const [named, unnamed] = [await newCitizen(), await newCitizen()];
  const door = await checks();
  const denied = async (recipient: string, purpose: ConsentPurpose = DATA_PROCESSING, people: Citizen[] = [named]) =>
    (await door.checkDisclosure({ subjects: people.map(({ eye }) => eye), recipient, purpose })).denied.map(
      ({ id }) => id,
    );
  expect(await denied('gallery')).toEqual([named.eye.id]);
  await grant(named, DATA_PROCESSING, { recipients: ['gallery'] });
  await grant(unnamed, DATA_PROCESSING);
  expect(await denied('gallery')).toEqual([]);
  expect(await denied('lab')).toEqual([named.eye.id]);
  expect(await denied('nobody-knows')).toEqual([named.eye.id]);
  expect(await denied('gallery', BIOMETRIC_CAPTURE)).toEqual([named.eye.id]);
  expect(await denied('gallery', DATA_PROCESSING, [named, unnamed])).toEqual([unnamed.eye.id]);
  await withdraw(named, DATA_PROCESSING);
  expect(await denied('gallery')).toEqual([named.eye.id]);
});

test('CR-15: a consent names only whom its notice named, and whom the operator offers', async () => {
  const person = await newCitizen();
  const { request } = await grant(person, DATA_PROCESSING);
  const more = { ...request, requestId: uuidv7(), recipients: ['gallery'] };
  expect(await refusal(person.consent.grantConsent(more))).toBe(ErrorReason.NOTICE_OUTDATED);
  const unknown = grant(person, DATA_PROCESSING, { recipients: ['anyone'] });
  expect(await refusal(unknown)).toBe(ErrorReason.INVALID_FIELD);
});

test('CR-15: an artwork may go out only where the permission of everybody in it names the recipient', async () => {
  const [owner, creator] = [await newCitizen(), await newCitizen()];
  await grant(owner, BIOMETRIC_CAPTURE);
  const photoId = await upload(owner, 1);
  const [creatorId, ownerId] = [creator.eye.id, owner.eye.id];
  await owner.consent.grantArtworkPermission({ requestId: uuidv7(), photoId, creatorId, recipients: ['gallery'] });
  const door = await checks();
  const pending = async (recipient: string) =>
    (await door.checkArtworkPermission({ creatorId, photos: [{ photoId, ownerId }], recipient })).pendingPhotoIds;
  expect(await pending('')).toEqual([]);
  expect(await pending('gallery')).toEqual([]);
  expect(await pending('lab')).toEqual([photoId]);
});
