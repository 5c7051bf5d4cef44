import { CompositionLayout } from '@irisvue/contracts/irisvue/fusion/v1/fusion_service';
import { JobStatus } from '@irisvue/contracts/irisvue/jobs/v1/job';
import { newId } from '@irisvue/database';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { ended, type Harness, type Person, startHarness, submit, uploaded } from './harness.ts';

let harness: Harness;
let person: Person;
beforeAll(async () => {
  harness = await startHarness();
});
afterAll(() => harness?.[Symbol.asyncDispose]());
beforeEach(async () => {
  person = await harness.person();
});

const artifactsOf = (column: 'photo_id' | 'artwork_id', id: string) =>
  harness.db.selectFrom('artifacts').selectAll().where(column, '=', id).orderBy('key').execute();
const parentsOf = async (key: string) => {
  const rows = await harness.db.selectFrom('artifact_parents').select('parent_key').where('key', '=', key).execute();
  return rows.map((row) => row.parent_key).sort();
};
const subjectsOf = async (key: string) => {
  const rows = await harness.db.selectFrom('artifact_subjects').select('subject_id').where('key', '=', key).execute();
  return rows.map((row) => row.subject_id).sort();
};
async function processed(owner: Person) {
  const photo = await uploaded(harness, owner);
  const [job] = await ended(owner, ...(await submit(owner, photo)));
  expect(job!.status).toBe(JobStatus.COMPLETED);
  return { photo, job: job! };
}

test('every object of a photo has a row with its hash, its maker, its parents and its subject', async () => {
  const { photo, job } = await processed(person);
  const original = `photos/${person.id}/${photo.id}`;
  const work = `work/${person.id}/${job.id}/1`;
  const made = `processed/${person.id}/${job.id}/1`;
  const rows = await artifactsOf('photo_id', photo.id);
  expect(rows.map(({ key, kind, step, attempt }) => [key, kind, step, attempt])).toEqual([
    [original, 'photo', null, null],
    [`${made}.jpg`, 'result', 'enhancing', 1],
    [`${made}_mask.png`, 'mask', 'segmenting', 1],
    [`${work}/clean.png`, 'crop', 'removing_reflections', 1],
    [`${work}/crop.png`, 'crop', 'segmenting', 1],
    [`${work}/labels.png`, 'labels', 'segmenting', 1],
  ]);
  expect(rows[0]).toMatchObject({ sha256: photo.sha256, size_bytes: 64, job_id: null });
  expect(rows[1]!.job_id).toBe(job.id);
  expect(await parentsOf(`${made}.jpg`)).toEqual([`${work}/clean.png`, `${work}/labels.png`]);
  expect(await parentsOf(`${work}/clean.png`)).toEqual([`${work}/crop.png`, `${work}/labels.png`]);
  expect(await parentsOf(`${made}_mask.png`)).toEqual([original]);
  for (const { key } of rows) expect(await subjectsOf(key)).toEqual([person.id]);
});

test('the row of an object that the sweep removed stays, and says when', async () => {
  const { photo } = await processed(person);
  const gone = async () => {
    const rows = await artifactsOf('photo_id', photo.id);
    return rows.filter((row) => row.erased_at !== null).map((row) => row.kind);
  };
  await expect.poll(gone).toEqual(['crop', 'crop', 'labels']);
});

test('an artwork knows the results that it was made of, and everybody whose eye it shows', async () => {
  const other = await harness.person();
  const [mine, theirs] = [await processed(person), await processed(other)];
  harness.consent.permit(theirs.photo.id, person.id);
  const { artwork } = await person.artworks.createArtwork({
    requestId: newId(),
    photoIds: [mine.photo.id, theirs.photo.id],
    spec: { case: 'composition', value: { layout: CompositionLayout.HORIZONTAL } },
  });
  await ended(person, artwork!.job!);
  const rows = await artifactsOf('artwork_id', artwork!.id);
  expect(rows.map(({ key, kind }) => [key, kind])).toEqual([
    [`fusion/${artwork!.id}/1.jpg`, 'artwork'],
    [`fusion/${artwork!.id}/1_thumb.jpg`, 'thumbnail'],
  ]);
  const results = [
    `processed/${person.id}/${mine.job.id}/1.jpg`,
    `processed/${other.id}/${theirs.job.id}/1.jpg`,
  ].sort();
  for (const { key } of rows) {
    expect(await parentsOf(key)).toEqual(results);
    expect(await subjectsOf(key)).toEqual([person.id, other.id].sort());
  }
});
