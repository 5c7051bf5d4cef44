import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { temporaryFolder, until, unzipped } from '@irisvue/testing';
import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { packingScene } from './packing-scene.ts';

const KILLS = 6;
const FILES = 30;
const FILE_BYTES = 200_000;
const STEP_MS = 20;
// The generator of numerical recipes: the same moments each time.
const SEED = 20261121;

test('a worker is killed six times, and there is one archive, whole, and nothing beside it', {
  timeout: 240_000,
}, async () => {
  await using folder = await temporaryFolder('store');
  await using scene = await packingScene({ storeUrl: `file://${folder.path}`, stepMs: STEP_MS });
  const picture = randomBytes(FILE_BYTES);
  const paths = Array.from({ length: FILES }, (_, index) => `photos/${index}.jpg`);
  await scene.hold(picture, paths);
  const id = await scene.ask();
  let random = SEED;
  const next = () => {
    random = (Math.imul(random, 1_664_525) + 1_013_904_223) >>> 0;
    return random / 2 ** 32;
  };
  const states = new Set<string>();
  for (let kills = 0; kills < KILLS && (await scene.open(id)).state !== 'completed'; kills += 1) {
    const { child } = await scene.startWorker();
    // Files are counted, then packed, in a step each: most kills fall into the midst of that.
    await delay(next() * 2 * FILES * STEP_MS);
    child.kill('SIGKILL');
    await once(child, 'exit');
    states.add((await scene.open(id)).state);
  }
  expect(states).toContain('packing');
  await scene.startWorker();
  await until(async () => (await scene.open(id)).state === 'completed', { what: 'that it is packed', limitMs: 60_000 });

  const row = await scene.open(id);
  expect(row.attempt).toBeGreaterThan(2);
  const keys = (await Array.fromAsync(scene.store.list(`exports/`))).map(({ key }) => key);
  expect(keys).toEqual([`exports/${scene.userId}/${id}/${row.attempt}.zip`]);
  const archive = await scene.store.get(keys[0]!);
  expect(createHash('sha256').update(archive).digest('hex')).toBe(row.sha256);
  const files = await unzipped(archive);
  for (const each of paths) expect(Buffer.compare(files.get(each)!, picture), each).toBe(0);
  expect(await readdir(join(folder.path, '.incoming'))).toEqual([]);
  const log = await sql<{ what: string }>`
    SELECT what FROM privacy_request_events WHERE request_id = ${id} ORDER BY seq`.execute(scene.db);
  expect(log.rows.map(({ what }) => what)).toEqual(['received', 'confirmed', 'completed']);
});
