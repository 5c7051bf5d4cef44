import { SubjectKind } from '@irisvue/contracts/irisvue/consent/v1/consent_service';
import { JobStatus } from '@irisvue/contracts/irisvue/jobs/v1/job';
import { JointWorkOutcome } from '@irisvue/contracts/irisvue/privacy/v1/subject_data_service';
import { newId } from '@irisvue/database';
import { ErrorReason } from '@irisvue/runtime';
import { sql } from 'kysely';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { collected, composed, erased, processed, refusal, self, storedKeys, subjectData } from './erasure-scene.ts';
import { ended, type Harness, type Person, startHarness, uploaded } from './harness.ts';

let harness: Harness;
let person: Person;
let other: Person;
beforeAll(async () => {
  harness = await startHarness({ IRISVUE_TIDY_SECONDS: '600' });
});
afterAll(() => harness?.[Symbol.asyncDispose]());
beforeEach(async () => {
  harness.vision.during = () => undefined;
  [person, other] = [await harness.person(), await harness.person()];
});

const scan = async (subject = self(person)) => (await subjectData(harness)).scanSubject({ subject });
const nothing = { findings: [] };
const keysOf = async (id: string) => (await storedKeys(harness)).filter((key) => key.includes(id));
const hashOf = async (key: string) =>
  (await harness.db.selectFrom('artifacts').select('sha256').where('key', '=', key).executeTakeFirstOrThrow()).sha256;

test('only consent may ask', async () => {
  const subject = self(person);
  for (const service of ['gateway', 'identity', 'jobs']) {
    const data = await subjectData(harness, service);
    expect((await refusal(data.blockSubject({ subject, erasureId: newId() }))).reason).toBe(ErrorReason.NOT_ALLOWED);
    expect((await refusal(data.scanSubject({ subject }))).reason).toBe(ErrorReason.NOT_ALLOWED);
    const erasing = collected(data.eraseSubject({ subject, erasureId: newId() }));
    expect((await refusal(erasing)).reason).toBe(ErrorReason.NOT_ALLOWED);
    const exporting = Array.fromAsync(data.exportSubject({ subject }));
    expect((await refusal(exporting)).reason).toBe(ErrorReason.NOT_ALLOWED);
  }
});

test('a subject is erased after it was blocked, not before', async () => {
  const photo = await uploaded(harness, person);
  const data = await subjectData(harness);
  const erasing = collected(data.eraseSubject({ subject: self(person), erasureId: newId() }));
  expect((await refusal(erasing)).reason).toBe(ErrorReason.SUBJECT_NOT_BLOCKED);
  expect(await keysOf(photo.id)).toHaveLength(1);
});

test('everything of a user goes: objects with their hashes told, rows, and a scan finds nothing', async () => {
  const photo = await processed(harness, person);
  await processed(harness, person, SubjectKind.SYNTHETIC);
  const artwork = await composed(harness, person, [photo, await uploaded(harness, person)]);
  const kept = await processed(harness, other);
  const hashes = await Promise.all((await keysOf(person.id)).filter((key) => !key.startsWith('work/')).map(hashOf));
  hashes.push(...(await Promise.all((await keysOf(artwork.id)).map(hashOf))));
  expect((await scan()).findings.map(({ place }) => place)).toEqual(
    expect.arrayContaining(['jobs.photos', 'jobs.jobs', 'jobs.artworks', 'jobs.requests', 'objects:photos/']),
  );

  const { objects, rows, progress, jointWorks, blocked } = await erased(harness, self(person));

  expect(objects.map(({ sha256 }) => sha256)).toEqual(expect.arrayContaining(hashes));
  const kinds = objects.map(({ kind }) => kind);
  expect(kinds.filter((kind) => kind === 'photo')).toHaveLength(3);
  for (const kind of ['result', 'mask', 'artwork', 'thumbnail']) expect(kinds).toContain(kind);
  expect(rows).toBeGreaterThan(20);
  expect(progress.at(-1)).toBe(100);
  expect(progress).toEqual([...progress].sort((a, b) => a - b));
  expect(jointWorks).toEqual([]);
  expect(blocked).toMatchObject({ blockedArtworks: 0 });
  expect(await scan()).toMatchObject(nothing);
  expect(await keysOf(person.id)).toEqual([]);
  expect(await keysOf(artwork.id)).toEqual([]);
  expect((await other.photos.getPhoto({ photoId: kept.id })).photo!.id).toBe(kept.id);
  expect(await keysOf(kept.id)).toHaveLength(1);
});

test('a second run tells the same objects again and erases nothing twice', async () => {
  const photo = await processed(harness, person);
  await composed(harness, other, [photo, await processed(harness, other)]);
  const erasureId = newId();
  const first = await erased(harness, self(person), erasureId);
  const second = await erased(harness, self(person), erasureId);
  expect(second.objects.map(({ id }) => id).sort()).toEqual(first.objects.map(({ id }) => id).sort());
  expect(second.jointWorks).toEqual(first.jointWorks);
  expect(second).toMatchObject({ rows: 0, blocked: { stoppedJobs: 0, blockedArtworks: 0 } });
});

test('an object that a crash left without a row is found and told of', async () => {
  const photo = await processed(harness, person);
  const [job] = (await person.jobs.listJobs({ photoId: photo.id })).jobs;
  const key = `work/${person.id}/${job!.id}/2/crop.png`;
  const { sha256 } = await harness.store.put(key, Buffer.from('crop of a crash'), { contentType: 'image/png' });
  const { objects } = await erased(harness, self(person));
  expect(objects).toContainEqual(expect.objectContaining({ sha256, kind: 'crop', sizeBytes: 15n }));
  expect(await keysOf(person.id)).toEqual([]);
});

describe('works with others', () => {
  test('are out of reach at once, and gone when too few irises are left; the others are told of', async () => {
    const mine = await processed(harness, person);
    const artwork = await composed(harness, other, [mine, await processed(harness, other)]);
    const link = (await other.artworks.getArtwork({ artworkId: artwork.id })).artwork!.resultUrl;
    const token = link.split('/').at(-1)!;
    const downloads = await harness.downloads();
    expect((await downloads.resolveDownload({ token })).url).toContain(artwork.id);

    const data = await subjectData(harness);
    const erasureId = newId();
    expect(await data.blockSubject({ subject: self(person), erasureId })).toMatchObject({ blockedArtworks: 1 });
    expect((await refusal(downloads.resolveDownload({ token }))).reason).toBe(ErrorReason.LINK_INVALID);
    const later = (await other.jobs.getJob({ jobId: artwork.job!.id })).job!.links!;
    expect(later.resultUrl).toBe('');
    const { resultUrl, thumbnailUrl } = (await other.artworks.getArtwork({ artworkId: artwork.id })).artwork!;
    expect([resultUrl, thumbnailUrl]).toEqual(['', '']);

    const { jointWorks } = await collected(data.eraseSubject({ subject: self(person), erasureId }));
    expect(jointWorks).toEqual([
      expect.objectContaining({ artworkId: artwork.id, outcome: JointWorkOutcome.DELETED, otherUserIds: [other.id] }),
    ]);
    expect((await refusal(other.artworks.getArtwork({ artworkId: artwork.id }))).reason).toBe(ErrorReason.NOT_FOUND);
    expect(await keysOf(artwork.id)).toEqual([]);
    expect(await scan()).toMatchObject(nothing);
  });

  test('are made anew of the irises that stay, where nobody’s late writer can reach them', async () => {
    const third = await harness.person();
    const [mine, theirs, thirds] = [
      await processed(harness, person),
      await processed(harness, other),
      await processed(harness, third),
    ];
    const artwork = await composed(harness, other, [theirs, mine, thirds]);
    const { jointWorks } = await erased(harness, self(person));
    expect(jointWorks).toEqual([
      expect.objectContaining({
        artworkId: artwork.id,
        outcome: JointWorkOutcome.REMADE,
        otherUserIds: [other.id, third.id].sort(),
      }),
    ]);
    const remade = (await other.artworks.getArtwork({ artworkId: artwork.id })).artwork!;
    expect(remade.photoIds).toEqual([theirs.id, thirds.id]);
    expect((await ended(other, remade.job!))[0]).toMatchObject({ status: JobStatus.COMPLETED, attempt: 2 });
    expect((await keysOf(artwork.id)).sort()).toEqual([
      `fusion/${artwork.id}/2.jpg`,
      `fusion/${artwork.id}/2_thumb.jpg`,
    ]);
    const { artwork: again } = await other.artworks.getArtwork({ artworkId: artwork.id });
    const token = again!.resultUrl.split('/').at(-1)!;
    expect((await (await harness.downloads()).resolveDownload({ token })).url).toContain(`fusion/${artwork.id}/2.jpg`);
    const capability = harness.consent.issued.findLast(({ jobId }) => jobId === remade.job!.id)!;
    expect(capability.subjects.map(({ id }) => id).sort()).toEqual([other.id, third.id].sort());
    expect(await scan()).toMatchObject(nothing);
  });

  test('go with their creator', async () => {
    const third = await harness.person();
    const photos = [await processed(harness, other), await processed(harness, third)];
    const artwork = await composed(harness, person, [await processed(harness, person), ...photos]);
    const { jointWorks } = await erased(harness, self(person));
    expect(jointWorks).toEqual([
      expect.objectContaining({ outcome: JointWorkOutcome.DELETED, otherUserIds: [other.id, third.id].sort() }),
    ]);
    expect(await keysOf(artwork.id)).toEqual([]);
    expect(await scan()).toMatchObject(nothing);
  });

  test('that two of their people leave at once end in one way', async () => {
    const [third, fourth] = [await harness.person(), await harness.person()];
    const photos = [];
    for (const owner of [person, other, third, fourth]) photos.push(await processed(harness, owner));
    const artwork = await composed(harness, fourth, photos);
    await Promise.all([erased(harness, self(person)), erased(harness, self(other))]);
    const remade = (await fourth.artworks.getArtwork({ artworkId: artwork.id })).artwork!;
    expect(remade.photoIds).toEqual([photos[2]!.id, photos[3]!.id]);
    expect((await ended(fourth, remade.job!))[0]!.status).toBe(JobStatus.COMPLETED);
    expect(await scan()).toMatchObject(nothing);
    expect(await scan(self(other))).toMatchObject(nothing);
  });
});

test('the samples of a user can be erased apart from the user', async () => {
  const sample = await processed(harness, person, SubjectKind.SYNTHETIC);
  const own = await processed(harness, person);
  const subject = { id: person.id, kind: SubjectKind.SYNTHETIC };
  const data = await subjectData(harness);
  expect((await data.scanSubject({ subject })).findings).toContainEqual(
    expect.objectContaining({ place: 'jobs.photos', count: 1 }),
  );
  const erasureId = newId();
  await data.blockSubject({ subject, erasureId });
  await collected(data.eraseSubject({ subject, erasureId }));
  expect(await data.scanSubject({ subject })).toMatchObject(nothing);
  expect((await person.photos.listPhotos({})).photos.map(({ id }) => id)).toEqual([own.id]);
  expect(await keysOf(sample.id)).toEqual([]);
  await uploaded(harness, person);
  expect((await refusal(uploaded(harness, person, SubjectKind.SYNTHETIC))).reason).toBe(ErrorReason.SUBJECT_ERASED);
});

test('a scan finds what nobody thought of: tables come from the catalogue, objects from the whole store', async () => {
  await sql`CREATE TABLE a_table_of_tomorrow (about jsonb, raw bytea)`.execute(harness.db);
  const about = JSON.stringify({ seen_by: [person.id] });
  await sql`INSERT INTO a_table_of_tomorrow VALUES (${about}::jsonb, NULL), (NULL, ${Buffer.from(`<${person.id}>`)})`.execute(
    harness.db,
  );
  const late = `fusion/${newId()}/1.jpg`;
  await harness.store.put(`cache/${person.id}/1`, Buffer.from('x'), { contentType: 'image/png' });
  await harness.store.put(late, Buffer.from('x'), { contentType: 'image/jpeg' });
  const { findings, lookedAt } = await scan();
  expect(findings.map(({ place, count }) => [place, count])).toEqual(
    [
      ['jobs.a_table_of_tomorrow', 2],
      ['objects:cache/', 1],
      ['objects without a row', 1],
    ].sort((a, b) => lookedAt.indexOf(String(a[0])) - lookedAt.indexOf(String(b[0]))),
  );
  expect(lookedAt).toEqual(expect.arrayContaining(['jobs.photos', 'jobs.outbox', 'objects:work/']));
  await sql`DROP TABLE a_table_of_tomorrow`.execute(harness.db);
  for (const key of [late, `cache/${person.id}/1`]) await harness.store.delete(key);
});
