import { Jurisdiction } from '@irisvue/contracts/irisvue/consent/v1/consent_service';
import { openStore } from '@irisvue/storage';
import { until } from '@irisvue/testing';
import { expect, test } from 'vitest';
import { ended, submit } from '../person.ts';
import { BIOMETRIC_CAPTURE, consentingCitizen, upload, withdraw } from './people.ts';
import { query, scene } from './scene.ts';

/** Somebody with a photo that was processed, at the present time of the mesh. */
async function photographed(jurisdiction: Jurisdiction) {
  const person = await consentingCitizen(jurisdiction);
  const photoId = await upload(person, 1);
  await ended(person, await submit(person, photoId));
  return { person, photoId };
}
type Photographed = Awaited<ReturnType<typeof photographed>>;

/** Objects of these people that are stored. */
async function objectsOf(...people: readonly Photographed[]): Promise<number[]> {
  await using store = await openStore(scene().mesh.storageUrl);
  const keys = (await Array.fromAsync(store.list(''))).map(({ key }) => key);
  return people.map(({ person }) => keys.filter((key) => key.includes(person.account.userId)).length);
}

/** Waits until a round of the purge has looked at every photo that is left, at the present time of the mesh. */
async function purgeRound(): Promise<void> {
  const time = scene().clock.now().toISOString();
  const waiting = `SELECT 1 FROM photos WHERE deleted_at IS NULL AND (term_checked_at IS NULL OR term_checked_at < '${time}'::timestamptz - interval '1 hour')`;
  await until(async () => (await query('jobs', waiting)).length === 0, {
    limitMs: 60_000,
    what: 'a round of the purge',
  });
}

const isGone = (...people: readonly Photographed[]) =>
  until(async () => (await objectsOf(...people)).every((count) => count === 0), {
    limitMs: 60_000,
    what: 'that the photos are gone',
  });

test('CR-06: photos go when the first of their terms ends, by themselves and not before', async () => {
  const { clock } = scene();
  const { BIPA, CUBI, GDPR } = Jurisdiction;
  const illinois = await photographed(BIPA);
  const texas = await photographed(CUBI);
  const ownSchedule = await photographed(GDPR);
  await withdraw(texas.person, BIOMETRIC_CAPTURE); // ends the purpose
  const before = await objectsOf(illinois, texas, ownSchedule);
  for (const count of before) expect(count).toBeGreaterThanOrEqual(3); // photo, result, mask

  await clock.forward({ months: 12, days: -1 });
  await purgeRound();
  expect(await objectsOf(illinois, texas, ownSchedule)).toEqual(before);
  await clock.forward({ days: 2 });
  await isGone(texas);
  expect(await objectsOf(illinois, ownSchedule)).toEqual([before[0], before[2]]);

  await clock.forward({ months: 24, days: -2 }); // a day less than 36 months since anybody was here
  await purgeRound();
  expect(await objectsOf(illinois, ownSchedule)).toEqual([before[0], before[2]]);
  await clock.forward({ days: 2 });
  await isGone(illinois, ownSchedule);
  for (const { photoId } of [illinois, texas, ownSchedule]) {
    const purged = `SELECT 1 FROM audit_log WHERE entry::jsonb ->> 'action' = 'photo_purged' AND position('${photoId}' in entry) > 0`;
    const rows = await until(
      async () => {
        const found = await query('consent', purged);
        return found.length > 0 ? found : undefined;
      },
      { what: 'the entry about a purged photo' },
    );
    expect(rows).toHaveLength(1);
  }
});
