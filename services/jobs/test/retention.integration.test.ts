import { timestampFromDate } from '@bufbuild/protobuf/wkt';
import { RetentionService } from '@irisvue/contracts/irisvue/consent/v1/retention_service';
import type { Photo } from '@irisvue/contracts/irisvue/jobs/v1/photo_service';
import { openDatabase } from '@irisvue/database';
import { createLogger, createServiceClient, ErrorReason } from '@irisvue/runtime';
import { until } from '@irisvue/testing';
import { sql } from 'kysely';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { addMonths } from '../src/retention/delete-at.ts';
import { noteInteraction } from '../src/retention/interactions.ts';
import { purge } from '../src/retention/purge.ts';
import { retentionOf } from '../src/retention/retention-of.ts';
import type { JobsDatabase } from '../src/schema.ts';
import { composed, erased, processed, refusal, self, storedKeys, subjectData } from './erasure-scene.ts';
import { type Harness, type Person, startHarness, uploaded } from './harness.ts';

const DAY_MS = 24 * 3_600_000;
const logger = createLogger({ service: 'test', level: 'silent' });

let harness: Harness;
let person: Person;
beforeAll(async () => {
  // Its own purge and tidying come once, at the start; the tests do the rest by hand, with clocks of their own.
  harness = await startHarness({ IRISVUE_PURGE_SECONDS: '600', IRISVUE_TIDY_SECONDS: '600' });
});
afterAll(() => harness?.[Symbol.asyncDispose]());
beforeEach(async () => {
  harness.consent.termsOf = () => ({});
  person = await harness.person();
});

async function purgeAt(now: Date, db = harness.db) {
  const client = createServiceClient(RetentionService, {
    url: harness.consent.url,
    token: () => harness.identity.serviceToken('jobs'),
  });
  return await purge({ db, retentionOf: retentionOf(client), clock: { now: () => now }, logger });
}
const before = (at: Date) => new Date(at.getTime() - 1);
const isThere = async (photo: Photo) => (await person.photos.listPhotos({})).photos.some(({ id }) => id === photo.id);
const interactionOf = async () =>
  (
    await harness.db
      .selectFrom('interactions')
      .select('last_at')
      .where('user_id', '=', person.id)
      .executeTakeFirstOrThrow()
  ).last_at;
/** The latest of what counts as an interaction with a photo. */
async function lastInteraction(photo: Photo) {
  const { created_at } = await harness.db
    .selectFrom('photos')
    .select('created_at')
    .where('id', '=', photo.id)
    .executeTakeFirstOrThrow();
  return new Date(Math.max(created_at.getTime(), (await interactionOf()).getTime()));
}

test('CR-06 (Illinois): a photo goes three years after the last interaction, and not a millisecond earlier', async () => {
  harness.consent.termsOf = () => ({ monthsAfterInteraction: 36 });
  const photo = await processed(harness, person);
  const artwork = await composed(harness, person, [photo, await uploaded(harness, person)]);
  const end = addMonths(await lastInteraction(photo), 36);
  await purgeAt(before(end));
  expect(await isThere(photo)).toBe(true);
  await purgeAt(end);
  expect(await isThere(photo)).toBe(false);
  // With it all that was made of it; the sweep and the tidying leave neither objects nor rows.
  const shown = async () =>
    (await storedKeys(harness)).filter((key) => key.includes(photo.id) || key.includes(artwork.id));
  await harness.db.updateTable('photos').set({ sweep_at: sql`now()` }).where('sweep_at', 'is not', null).execute();
  await using _sweeper = await harness.startReplica({ IRISVUE_RUNNER_JOBS: '0', IRISVUE_LATE_WRITER_SECONDS: '0.001' });
  await expect.poll(shown).toEqual([]);
});

test('CR-06 (Illinois): whoever comes back within the three years begins them anew', async () => {
  harness.consent.termsOf = () => ({ monthsAfterInteraction: 36 });
  const photo = await uploaded(harness, person);
  const end = addMonths(await lastInteraction(photo), 36);
  const back = addMonths(end, -1);
  await purgeAt(before(end));
  await noteInteraction(harness.db, person.id, back);
  await purgeAt(end);
  expect(await isThere(photo)).toBe(true);
  await purgeAt(addMonths(back, 36));
  expect(await isThere(photo)).toBe(false);
});

test('CR-06: a choice that consent tells of counts as an interaction', async () => {
  const photo = await uploaded(harness, person);
  const chosen = addMonths(await lastInteraction(photo), 12);
  harness.consent.termsOf = () => ({ monthsAfterInteraction: 36, lastChoiceTime: timestampFromDate(chosen) });
  await purgeAt(before(addMonths(chosen, 36)));
  expect(await isThere(photo)).toBe(true);
  await purgeAt(addMonths(chosen, 36));
  expect(await isThere(photo)).toBe(false);
});

test('CR-06 (Texas): a photo goes one year after the purpose ended, however often its subject comes', async () => {
  const photo = await uploaded(harness, person);
  const endedAt = new Date(Date.now() + DAY_MS);
  harness.consent.termsOf = (id) =>
    id === person.id ? { monthsAfterPurpose: 12, purposeEndTime: timestampFromDate(endedAt) } : {};
  const end = addMonths(endedAt, 12);
  await noteInteraction(harness.db, person.id, before(end));
  await purgeAt(before(end));
  expect(await isThere(photo)).toBe(true);
  await purgeAt(end);
  expect(await isThere(photo)).toBe(false);
});

test('CR-06: the operator’s own schedule ends it earlier; no limit, and it stays', async () => {
  const other = await harness.person();
  const kept = await uploaded(harness, other);
  const photo = await uploaded(harness, person);
  harness.consent.termsOf = (id) => (id === person.id ? { monthsAfterInteraction: 6 } : {});
  const end = addMonths(await lastInteraction(photo), 6);
  await purgeAt(before(end));
  expect(await isThere(photo)).toBe(true);
  await purgeAt(addMonths(end, 1_200));
  expect(await isThere(photo)).toBe(false);
  expect((await other.photos.getPhoto({ photoId: kept.id })).photo!.id).toBe(kept.id);
});

test('terms that changed since they were looked at are asked for again before anything goes', async () => {
  harness.consent.termsOf = () => ({ monthsAfterInteraction: 6 });
  const photo = await uploaded(harness, person);
  const end = addMonths(await lastInteraction(photo), 6);
  await purgeAt(before(end)); // from now on delete_at stands in the row
  harness.consent.termsOf = () => ({ monthsAfterInteraction: 36 });
  await purgeAt(end);
  expect(await isThere(photo)).toBe(true);
});

test('nothing goes while consent cannot be asked', async () => {
  harness.consent.termsOf = () => ({ monthsAfterInteraction: 1 });
  const photo = await uploaded(harness, person);
  await purgeAt(new Date());
  harness.consent.termsOf = () => {
    throw new Error('down');
  };
  await expect(purgeAt(addMonths(new Date(), 600))).rejects.toThrow();
  expect(await isThere(photo)).toBe(true);
});

test('each photo is purged once, however many replicas purge at once', async () => {
  await harness.db.updateTable('photos').set({ delete_at: null }).execute();
  harness.consent.termsOf = (id) => (id === person.id ? { monthsAfterInteraction: 1 } : {});
  const photos: Photo[] = [];
  for (let count = 0; count < 12; count += 1) photos.push(await uploaded(harness, person));
  const now = addMonths(await lastInteraction(photos[0]!), 2);
  const replicas = Array.from({ length: 4 }, () => openDatabase<JobsDatabase>(harness.databaseUrl, { logger }));
  try {
    const done = await Promise.all(replicas.map((db) => purgeAt(now, db)));
    expect(done.reduce((sum, { purged }) => sum + purged, 0)).toBe(photos.length);
  } finally {
    await Promise.all(replicas.map((db) => db.destroy()));
  }
  expect((await person.photos.listPhotos({})).photos).toEqual([]);
});

test('the purge runs by itself, and what it purged leaves no row', async () => {
  const time = { now: new Date() };
  await using own = await startHarness(
    { IRISVUE_PURGE_SECONDS: '0.2', IRISVUE_TIDY_SECONDS: '0.2', IRISVUE_LATE_WRITER_SECONDS: '0.1' },
    { clock: { now: () => time.now } },
  );
  own.consent.termsOf = () => ({ monthsAfterInteraction: 36 });
  const somebody = await own.person();
  const photo = await processed(own, somebody);
  const rows = async () =>
    (await own.db.selectFrom('artifacts').select('key').where('photo_id', '=', photo.id).execute()).length +
    (await own.db.selectFrom('photos').select('id').where('id', '=', photo.id).execute()).length;
  const looked = async () =>
    (await own.db.selectFrom('photos').select('delete_at').where('id', '=', photo.id).executeTakeFirst())?.delete_at;
  await expect.poll(looked).toBeInstanceOf(Date);
  expect(await rows()).toBeGreaterThan(1);
  time.now = addMonths(time.now, 37);
  await expect.poll(rows, { timeout: 15_000 }).toBe(0);
  expect(await storedKeys(own)).toEqual([]);
}, 90_000);

test('CR-09: a joint work whose iris is purged goes, and its owner is told', async () => {
  const owner = await harness.person();
  harness.consent.termsOf = (subjectId) => (subjectId === person.id ? { monthsAfterInteraction: 36 } : {});
  const [purged, kept] = [await uploaded(harness, person), await uploaded(harness, owner)];
  const { id: artworkId } = await composed(harness, owner, [kept, purged]);
  const told = () => harness.identity.mailedTo.filter((id) => id === owner.id).length;
  await purgeAt(addMonths(await lastInteraction(purged), 36));
  await until(() => told() > 0, { what: 'that the owner is told' });
  expect(told()).toBe(1);
  expect((await refusal(owner.artworks.getArtwork({ artworkId }))).reason).toBe(ErrorReason.NOT_FOUND);
  expect((await owner.photos.listPhotos({})).photos.map(({ id }) => id)).toEqual([kept.id]);
});

test('a call is an interaction, noted once a day; of somebody erased none is noted', async () => {
  await person.photos.listPhotos({});
  const first = await interactionOf();
  await person.photos.listPhotos({});
  expect(await interactionOf()).toEqual(first);
  await erased(harness, self(person));
  await person.photos.listPhotos({});
  await noteInteraction(harness.db, person.id, new Date());
  expect((await (await subjectData(harness)).scanSubject({ subject: self(person) })).findings).toEqual([]);
});
