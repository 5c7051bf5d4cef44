import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { keptErasure } from '@irisvue/cli/privacy/kept-erasures';
import { startTestMesh, type TestMesh, until } from '@irisvue/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { needlesOf } from './scenes/canary.ts';
import { type Friends, newErasureScene, newFriends } from './scenes/erasure-scene.ts';
import {
  certificateOf,
  expectCertified,
  expectJointWorks,
  expectNothingLeft,
  expectTold,
  storedObjects,
  toldMails,
} from './scenes/expect-erased.ts';
import { type Found, plainScan } from './scenes/plain-scan.ts';

/** The size of acceptance, and one that a run of all tests has time for. */
const FULL = { photos: 50, artworks: 20, processed: 3 };
const SMALL = { photos: 8, artworks: 4, processed: 1 };
const size = process.env.IRISVUE_SCENE === 'full' ? FULL : SMALL;
/** What comes late is tidied away within seconds, not minutes. */
const env = { IRISVUE_TIDY_SECONDS: '2', IRISVUE_SWEEP_SECONDS: '1' };

let mesh: TestMesh;
let friends: Friends;
beforeAll(async () => {
  mesh = await startTestMesh({ env });
  friends = await newFriends(mesh);
});
afterAll(() => mesh?.[Symbol.asyncDispose]());

/** The command as somebody gives it. @returns what it prints. */
async function privacy(home: string, ...args: string[]): Promise<string> {
  const main = join(import.meta.dirname, '../../packages/cli/src/main.ts');
  const env = { ...process.env, IRISVUE_HOME: home, IRISVUE_GATEWAY_URL: mesh.gatewayUrl };
  return (await promisify(execFile)(process.execPath, [main, 'privacy', ...args], { env })).stdout;
}

test(`CR-08, CR-09: a person with ${size.photos} photos, ${size.artworks} works with others and jobs under way`, {
  timeout: 900_000,
}, async () => {
  const scene = await newErasureScene(mesh, friends, size);
  const { erased, canary } = scene;
  const planted = await plainScan(mesh, needlesOf('canary', canary.text));
  expect(new Set(planted.map(({ place }) => place.split(/[./]/)[0]))).toEqual(
    new Set(['database identity', 'database consent', 'mail', 'objects']),
  );
  for (const { link } of scene.works.filter((work) => work.link !== '')) expect((await fetch(link)).status).toBe(200);
  const toldBefore = await toldMails(mesh);
  const objectsBefore = await storedObjects(mesh);

  const beganAt = performance.now();
  const shown = await privacy(erased.home, 'erase', '--yes');
  const seconds = ((performance.now() - beganAt) / 1000).toFixed(1);
  const asked = await keptErasure(erased.home);

  await expectNothingLeft(mesh, scene, asked);
  expect(await privacy(erased.home, 'verify')).toMatch(/something found in 0\s*$/);
  await expectTold(mesh, scene, toldBefore);
  await expectJointWorks(scene);
  const said = await certificateOf(mesh, asked);
  const last = shown.trimEnd().split('\n').at(-1);
  console.log(`erased in ${seconds} s: ${last}; nothing in ${said.looked_at.length} places`);
  await expectCertified(mesh, scene, said, objectsBefore);
  const left = await plainScan(
    mesh,
    scene.underWay.flatMap((id) => needlesOf('job', id)),
  );
  // That a friend once asked for a job stays known as the friend's request, by ids, for a week.
  const isJobs = ({ place }: Found) => place.startsWith('database jobs.') && !place.endsWith('.requests');
  expect(left.filter(isJobs)).toEqual([]);

  // A writer that comes late brings nothing back.
  await scene.sendLate();
  await until(async () => (await plainScan(mesh, needlesOf('bytes', canary.bytes))).length === 0);
  await expectNothingLeft(mesh, scene, asked);
});
