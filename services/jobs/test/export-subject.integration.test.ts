import { createHash, randomBytes } from 'node:crypto';
import { create } from '@bufbuild/protobuf';
import { SubjectKind, SubjectSchema } from '@irisvue/contracts/irisvue/consent/v1/consent_service';
import { newId } from '@irisvue/database';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { composed, erased, processed, self, storedKeys, subjectData } from './erasure-scene.ts';
import { ended, type Harness, type Person, startHarness, submit } from './harness.ts';

let harness: Harness;
let person: Person;
let other: Person;
beforeAll(async () => {
  harness = await startHarness({ IRISVUE_TIDY_SECONDS: '600', IRISVUE_PURGE_SECONDS: '600' });
});
afterAll(() => harness?.[Symbol.asyncDispose]());
beforeEach(async () => {
  [person, other] = [await harness.person(), await harness.person()];
});

/** A processed photo that `uploader` took of somebody else's eye. */
async function processedOf(uploader: Person, subject: { readonly id: string; readonly kind: SubjectKind }) {
  harness.consent.permitCapture(subject.id, uploader.id);
  const bytes = randomBytes(64);
  const { photo } = await uploader.photos.createPhoto({
    requestId: newId(),
    subjectKind: subject.kind,
    subjectId: subject.id,
    sha256: createHash('sha256').update(bytes).digest('hex'),
    sizeBytes: BigInt(bytes.length),
    contentType: 'image/jpeg',
  });
  await harness.store.put(`photos/${uploader.id}/${photo!.id}`, bytes, { contentType: 'image/jpeg' });
  await uploader.photos.confirmPhoto({ photoId: photo!.id });
  await ended(uploader, ...(await submit(uploader, photo!)));
  return photo!;
}

/** An export: documents parsed, and keys of objects, by path. */
async function exported(subject: { readonly id: string; readonly kind: SubjectKind }) {
  const documents = new Map<string, unknown>();
  const objects = new Map<string, string>();
  for await (const { path, content } of (await subjectData(harness)).exportSubject({ subject })) {
    if (content.case === 'json') documents.set(path, JSON.parse(content.value));
    if (content.case === 'objectKey') objects.set(path, content.value);
  }
  return { documents, objects };
}
const keysOf = async (id: string) => (await storedKeys(harness)).filter((key) => key.includes(id));
const findings = async (subject: { readonly id: string; readonly kind: SubjectKind }) =>
  (await (await subjectData(harness)).scanSubject({ subject })).findings;

test('CR-11: an export holds photos, jobs with provenance, results, masks and own works, and every object is there', async () => {
  const photos = [await processed(harness, person), await processed(harness, person, SubjectKind.SYNTHETIC)];
  const artwork = await composed(harness, person, photos);
  const { documents, objects } = await exported(self(person));
  const [job] = (await person.jobs.listJobs({ photoId: photos[0]!.id })).jobs;
  expect(documents.get(`photos/${photos[0]!.id}.json`)).toMatchObject({ id: photos[0]!.id, sha256: photos[0]!.sha256 });
  expect(documents.get(`jobs/${job!.id}.json`)).toMatchObject({
    qualityScore: 0.75,
    geometry: { limbus: { cx: 330 } },
    steps: [{ provenance: { method: 'classical-limbus' } }, { provenance: { method: 'inpainting' } }, {}],
  });
  expect(documents.get(`artworks/${artwork.id}.json`)).toMatchObject({
    photoIds: photos.map(({ id }) => id),
    method: 'horizontal',
  });
  expect(documents.get('activity.json')).toEqual({ lastCallTime: expect.any(String) });
  expect([...documents.keys()]).toHaveLength(2 + 2 + 1 + 1);
  const paths = [...objects.keys()];
  expect(paths).toEqual(
    expect.arrayContaining([
      `photos/${photos[0]!.id}.jpg`,
      `jobs/${job!.id}.jpg`,
      `jobs/${job!.id}_mask.png`,
      `artworks/${artwork.id}.jpg`,
      `artworks/${artwork.id}_thumb.jpg`,
    ]),
  );
  expect(paths).toHaveLength(2 + 4 + 2);
  for (const key of objects.values()) expect(await harness.store.head(key)).toBeDefined();
});

test('CR-11: nobody else’s iris is in it, wherever it lies, and works with others are named as left out', async () => {
  const mine = await processed(harness, person);
  const theirs = await processed(harness, other);
  const byMe = await processedOf(person, self(other));
  const minor = { id: newId(), kind: SubjectKind.MINOR };
  const child = await processedOf(person, minor);
  const [joint, forChild] = [
    await composed(harness, person, [mine, theirs]),
    await composed(harness, person, [mine, child]),
  ];
  const { documents, objects } = await exported(self(person));
  const everything = `${JSON.stringify([...documents])} ${JSON.stringify([...objects])}`;
  for (const id of [theirs.id, byMe.id, child.id, other.id, minor.id]) expect(everything).not.toContain(id);
  const keys = [...objects.values()];
  for (const id of [joint.id, forChild.id]) expect(keys.filter((key) => key.includes(id))).toEqual([]);
  expect(documents.get('artworks/left-out-1.json')).toMatchObject({
    artworks: expect.arrayContaining([
      expect.objectContaining({ id: joint.id, photoIds: [mine.id], madeBySubject: true }),
      expect.objectContaining({ id: forChild.id, photoIds: [mine.id] }),
    ]),
  });
  // The child's own export holds the child's iris, and not the representative's.
  const ofChild = await exported(minor);
  expect([...ofChild.objects.keys()]).toContain(`photos/${child.id}.jpg`);
  expect(JSON.stringify([...ofChild.objects])).not.toContain(mine.id);
});

test('a photo that somebody else took is the subject’s: exported, and erased with all that was made of it', async () => {
  const [taken, kept] = [await processedOf(other, self(person)), await processed(harness, other)];
  const artwork = await composed(harness, other, [taken, kept]);
  expect([...(await exported(self(person))).objects.keys()]).toContain(`photos/${taken.id}.jpg`);
  const { jointWorks } = await erased(harness, self(person));
  expect(jointWorks).toEqual([expect.objectContaining({ artworkId: artwork.id, otherUserIds: [other.id] })]);
  for (const id of [taken.id, artwork.id]) expect(await keysOf(id)).toEqual([]);
  expect(await findings(self(person))).toEqual([]);
  expect((await other.photos.listPhotos({})).photos.map(({ id }) => id)).toEqual([kept.id]);
});

test('a minor is erased apart from the representative, and with the representative’s account', async () => {
  const [first, second] = [
    { id: newId(), kind: SubjectKind.MINOR },
    { id: newId(), kind: SubjectKind.MINOR },
  ];
  const [ofFirst, ofSecond] = [await processedOf(person, first), await processedOf(person, second)];
  await erased(harness, create(SubjectSchema, first));
  expect(await findings(first)).toEqual([]);
  expect((await person.photos.listPhotos({})).photos.map(({ id }) => id)).toEqual([ofSecond.id]);
  expect(await keysOf(ofFirst.id)).toEqual([]);
  await erased(harness, self(person));
  expect(await findings(second)).toEqual([]);
  expect(await findings(self(person))).toEqual([]);
  expect(await keysOf(ofSecond.id)).toEqual([]);
});
