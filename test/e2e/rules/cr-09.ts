import { JobStatus } from '@irisvue/contracts/irisvue/jobs/v1/job';
import { ErrorReason } from '@irisvue/runtime';
import { until } from '@irisvue/testing';
import sharp from 'sharp';
import { v7 as uuidv7 } from 'uuid';
import { expect, test } from 'vitest';
import { ended } from '../person.ts';
import {
  type Citizen,
  compose,
  consentingCitizen,
  DATA_PROCESSING,
  mailsTo,
  refusal,
  statusOf,
  upload,
  withdraw,
} from './people.ts';

/** Ada's row of three eyes: her own, Ben's and Cy's, who permit it. */
async function jointWork() {
  const [ada, ben, cy] = await Promise.all([consentingCitizen(), consentingCitizen(), consentingCitizen()]);
  const photos = [await upload(ada, 1), await upload(ben, 2), await upload(cy, 3)];
  const creatorId = ada.eye.id;
  for (const [person, photoId] of [[ben, photos[1]!] as const, [cy, photos[2]!] as const])
    await person.consent.grantArtworkPermission({ requestId: uuidv7(), photoId, creatorId });
  const artwork = await compose(ada, photos);
  expect((await ended(ada, [artwork.job!.id]))[0]!.status).toBe(JobStatus.COMPLETED);
  const { resultUrl } = (await ada.artworks.getArtwork({ artworkId: artwork.id })).artwork!;
  return { ada, ben, cy, photos, artworkId: artwork.id, resultUrl };
}

async function widthOf(url: string): Promise<number> {
  const answer = await fetch(url);
  expect(answer.status).toBe(200);
  return (await sharp(Buffer.from(await answer.arrayBuffer())).metadata()).width;
}

/** The next mail about a work that somebody withdrew from. */
const told = (person: Citizen, mails: number) =>
  until(async () => (await mailsTo(person)).length > mails, { what: 'a mail to the others' });

test('CR-09: a permission that is taken back shuts a joint work at once; it is made anew without that iris', async () => {
  const { ada, ben, cy, photos, artworkId, resultUrl } = await jointWork();
  expect(await widthOf(resultUrl)).toBe(3 * 320);
  const mails = [(await mailsTo(ada)).length, (await mailsTo(ben)).length];
  await cy.consent.withdrawArtworkPermission({ requestId: uuidv7(), photoId: photos[2]!, creatorId: ada.eye.id });
  expect(await statusOf(resultUrl)).toBeGreaterThanOrEqual(400);
  const remade = await until(
    async () => {
      const { artwork } = await ada.artworks.getArtwork({ artworkId });
      return artwork!.photoIds.length === 2 && artwork!.resultUrl !== '' ? artwork : undefined;
    },
    { limitMs: 60_000, what: 'that the work is made anew' },
  );
  expect(remade.photoIds).toEqual(photos.slice(0, 2));
  expect(await widthOf(remade.resultUrl)).toBe(2 * 320);
  expect(await statusOf(resultUrl)).toBeGreaterThanOrEqual(400);
  await told(ada, mails[0]!);
  await told(ben, mails[1]!);
});

test('CR-09: a withdrawn consent does the same; a work of which too little is left is deleted', async () => {
  const { ada, ben, cy, artworkId, resultUrl } = await jointWork();
  await withdraw(cy, DATA_PROCESSING);
  expect(await statusOf(resultUrl)).toBeGreaterThanOrEqual(400);
  const remade = await until(
    async () => {
      const { artwork } = await ada.artworks.getArtwork({ artworkId });
      return artwork!.photoIds.length === 2 && artwork!.resultUrl !== '' ? artwork : undefined;
    },
    { limitMs: 60_000, what: 'that the work is made anew' },
  );
  const mails = (await mailsTo(ada)).length;
  await withdraw(ben, DATA_PROCESSING);
  expect(await statusOf(remade.resultUrl)).toBeGreaterThanOrEqual(400);
  const gone = () => refusal(ada.artworks.getArtwork({ artworkId })).then((reason) => reason === ErrorReason.NOT_FOUND);
  await until(gone, { limitMs: 60_000, what: 'that the work is deleted' });
  await told(ada, mails);
});
