import { fork } from 'node:child_process';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { JobStatus } from '@irisvue/contracts/irisvue/jobs/v1/job';
import { JointWorkOutcome } from '@irisvue/contracts/irisvue/privacy/v1/subject_data_service';
import { newId } from '@irisvue/database';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { collected, composed, processed, self, storedKeys, subjectData } from './erasure-scene.ts';
import { ended, type Harness, startHarness, uploaded } from './harness.ts';

/** How long after a part was erased the process is killed, in milliseconds: within the next part, at different places. */
const KILLED_AFTER_MS = [0, 2, 5, 1];

let harness: Harness;
beforeAll(async () => {
  harness = await startHarness({ IRISVUE_TIDY_SECONDS: '600' });
});
afterAll(() => harness?.[Symbol.asyncDispose]());

/** Runs the erasure in a process of its own, and kills that `afterMs` after its first part. */
async function eraseAndKill(userId: string, erasureId: string, afterMs: number): Promise<'killed' | 'done'> {
  const program = path.join(import.meta.dirname, 'erase-process.ts');
  const child = fork(program, [harness.databaseUrl, harness.storageUrl, userId, erasureId]);
  const exited = Promise.withResolvers<void>();
  child.once('exit', () => exited.resolve());
  const first = Promise.withResolvers<unknown>();
  child.once('message', first.resolve);
  void exited.promise.then(() => first.reject(new Error('the process ended before it erased anything')));
  const said = await first.promise;
  await delay(afterMs);
  child.kill('SIGKILL');
  await exited.promise;
  return said === 'done' ? 'done' : 'killed';
}

test('an erasure that is killed again and again ends as one that is not', async () => {
  const [person, other, third] = [await harness.person(), await harness.person(), await harness.person()];
  const mine = await processed(harness, person);
  const [theirs, thirds] = [await processed(harness, other), await processed(harness, third)];
  const remade = await composed(harness, other, [theirs, mine, thirds]);
  const gone = await composed(harness, other, [theirs, mine]);
  for (let photos = 0; photos < 6; photos += 1) await uploaded(harness, person);
  const stray = `work/${person.id}/${newId()}/1/crop.png`;
  await harness.store.put(stray, Buffer.from('left by a crash'), { contentType: 'image/png' });
  const shown = (key: string) => [person.id, remade.id, gone.id].some((id) => key.includes(id));
  const before = (await storedKeys(harness)).filter(shown);
  const rows = await harness.db.selectFrom('artifacts').select(['key', 'sha256']).where('key', 'in', before).execute();
  const hashes = rows.map((row) => row.sha256);
  expect(hashes).toHaveLength(before.length - 1);

  const data = await subjectData(harness);
  const [subject, erasureId] = [self(person), newId()];
  await data.blockSubject({ subject, erasureId });
  const ends: string[] = [];
  for (const afterMs of KILLED_AFTER_MS) ends.push(await eraseAndKill(person.id, erasureId, afterMs));
  expect(ends).toContain('killed');
  const { objects, jointWorks } = await collected(data.eraseSubject({ subject, erasureId }));

  // Each object is told of once, by the hash that it had; the stray one was hashed when it was found.
  expect(objects).toHaveLength(before.length);
  expect(new Set(objects.map(({ id }) => id)).size).toBe(before.length);
  const told = objects.map(({ sha256 }) => sha256);
  for (const hash of hashes) expect(told).toContain(hash);
  const outcomes = new Map(jointWorks.map(({ artworkId, outcome }) => [artworkId, outcome]));
  expect(outcomes).toEqual(
    new Map([
      [remade.id, JointWorkOutcome.REMADE],
      [gone.id, JointWorkOutcome.DELETED],
    ]),
  );
  expect((await data.scanSubject({ subject })).findings).toEqual([]);
  const { job } = (await other.artworks.getArtwork({ artworkId: remade.id })).artwork!;
  expect((await ended(other, job!))[0]).toMatchObject({ status: JobStatus.COMPLETED, attempt: 2 });
  expect((await storedKeys(harness)).filter(shown).sort()).toEqual([
    `fusion/${remade.id}/2.jpg`,
    `fusion/${remade.id}/2_thumb.jpg`,
  ]);
}, 300_000);
