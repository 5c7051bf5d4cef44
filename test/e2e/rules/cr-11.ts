import { createHash } from 'node:crypto';
import { ExportState } from '@irisvue/contracts/irisvue/privacy/v1/export';
import { verifyReceipt } from '@irisvue/receipts';
import { ErrorReason } from '@irisvue/runtime';
import { unzipped } from '@irisvue/testing';
import { v7 as uuidv7 } from 'uuid';
import { expect, test } from 'vitest';
import { ended, eyeJpeg, submit } from '../person.ts';
import { type Citizen, compose, consentingCitizen, refusal, upload } from './people.ts';
import { verifyDocument } from './verify-document.ts';

const sha256 = (bytes: Uint8Array | string) => createHash('sha256').update(bytes).digest('hex');

/** Asks for an export, waits for it and downloads it. @returns its files by their paths. */
async function exported({ privacy, eye }: Citizen): Promise<Map<string, Buffer>> {
  const begun = await privacy.createExport({ requestId: uuidv7(), subject: eye, language: 'en' });
  const exportId = begun.export!.id;
  let state = begun.export!.state;
  for await (const seen of privacy.watchExport({ exportId })) state = seen.export!.state;
  expect(state).toBe(ExportState.COMPLETED);
  const { downloadUrl } = (await privacy.getExport({ exportId })).export!;
  const answer = await fetch(downloadUrl);
  expect(answer.status).toBe(200);
  return await unzipped(new Uint8Array(await answer.arrayBuffer()));
}

test('CR-11: an export holds the real bytes, JSON and receipts, each with its hash under a signature', async () => {
  const person = await consentingCitizen();
  const photoId = await upload(person, 1);
  const [job] = await ended(person, await submit(person, photoId));
  const result = Buffer.from(await (await fetch(job!.links!.resultUrl)).arrayBuffer());
  const files = await exported(person);

  expect(files.get(`photos/${photoId}.jpg`)).toEqual(Buffer.from(await eyeJpeg(1, 320, 240)));
  expect(files.get(`jobs/${job!.id}.jpg`)).toEqual(result);
  expect(JSON.parse(files.get(`photos/${photoId}.json`)!.toString())).toMatchObject({ id: photoId });
  expect([...files.values()].some((bytes) => bytes.includes(person.account.email))).toBe(true);

  const keys = JSON.parse(files.get('consent/receipt-keys.json')!.toString());
  const receipts = [...files.keys()].filter((path) => /^consent\/receipts\/.*\.jws$/.test(path));
  const records = await Promise.all(receipts.map((path) => verifyReceipt(files.get(path)!.toString(), keys)));
  expect(records.map(({ processing }) => processing[0]!.purpose).toSorted()).toEqual([
    'biometric_capture',
    'data_processing',
  ]);
  const manifest = verifyDocument(files.get('manifest.jws')!.toString(), keys);
  expect(manifest).toMatchObject({ sha256sums: sha256(files.get('SHA256SUMS')!) });
  const sums = new Map(
    files
      .get('SHA256SUMS')!
      .toString()
      .trim()
      .split('\n')
      .map((line) => [line.slice(66), line.slice(0, 64)]),
  );
  const listed = [...files.keys()].filter((path) => path !== 'SHA256SUMS' && path !== 'manifest.jws');
  expect([...sums.keys()].toSorted()).toEqual(listed.toSorted());
  for (const path of listed) expect(sums.get(path), path).toBe(sha256(files.get(path)!));
});

test('CR-11: nobody else’s iris is in it, neither by itself nor in a joint work; and nobody else gets one', async () => {
  const [person, other] = await Promise.all([consentingCitizen(), consentingCitizen()]);
  const [own, theirs] = [await upload(person, 1), await upload(other, 2)];
  const creatorId = person.eye.id;
  await other.consent.grantArtworkPermission({ requestId: uuidv7(), photoId: theirs, creatorId });
  const artwork = await compose(person, [own, theirs]);
  await ended(person, [artwork.job!.id]);
  const { resultUrl } = (await person.artworks.getArtwork({ artworkId: artwork.id })).artwork!;
  const joint = Buffer.from(await (await fetch(resultUrl)).arrayBuffer());

  const files = await exported(person);
  const foreign = [sha256(joint), sha256(await eyeJpeg(2, 320, 240))];
  for (const [path, bytes] of files) {
    expect(foreign, path).not.toContain(sha256(bytes));
    for (const name of [theirs, other.eye.id, other.account.email]) expect(bytes.includes(name), path).toBe(false);
  }
  // It is said that there is such a work, and why it is left out.
  expect(files.get('artworks/left-out-1.json')!.toString()).toContain(artwork.id);

  const stolen = other.privacy.createExport({ requestId: uuidv7(), subject: person.eye, language: 'en' });
  expect(await refusal(stolen)).toBe(ErrorReason.NOT_ALLOWED);
});
