import { listen } from '@irisvue/database';
import { startTestMesh, type TestMesh } from '@irisvue/testing';
import { v7 as uuidv7 } from 'uuid';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { randomOf } from '../bench/random.ts';
import { type ErasureScene, type Friends, newErasureScene, newFriends } from '../e2e/scenes/erasure-scene.ts';
import {
  type AskedErasure,
  certificateOf,
  expectCertified,
  expectJointWorks,
  expectNothingLeft,
  expectTold,
  storedObjects,
  toldMails,
  untilErased,
} from '../e2e/scenes/expect-erased.ts';

/** Four kills during each erasure: one erasure in `./irisvue test`, five in `./irisvue test chaos`. */
const erasures = Math.ceil(Number(process.env.IRISVUE_CHAOS_ROUNDS ?? 1) / 2);
const KILLS = 4;
/** Kills come in the first part of the changes that an undisturbed erasure goes through: later ones may not come. */
const LAST_SHARE = 0.8;
/** The same seed gives the same points. */
const seed = process.env.IRISVUE_CHAOS_SEED ?? 'erasure';
const env = { IRISVUE_TIDY_SECONDS: '2', IRISVUE_SWEEP_SECONDS: '1', IRISVUE_LEASE_SECONDS: '3' };
const size = { photos: 5, artworks: 4, processed: 0 };
/** Longer than a lease, and than all restarts. */
const LIMIT_MS = 240_000;

const VICTIMS = ['consent', 'jobs', 'identity', 'gateway', 'postgres', 'nats', 'redis', 'objects', 'fusion'] as const;

let mesh: TestMesh;
let friends: Friends;
/** Changes that an erasure goes through when nobody is killed: the points at which somebody may be. */
let changes = 0;
beforeAll(async () => {
  mesh = await startTestMesh({ env });
  friends = await newFriends(mesh);
}, 600_000);
afterAll(() => mesh?.[Symbol.asyncDispose]());

/** Begins an erasure; calls `onChange` with the number of each change of it, from 0 when it was asked for. */
async function begin(scene: ErasureScene, onChange: (n: number) => void, signal: AbortSignal): Promise<AskedErasure> {
  let n = 0;
  const listening = Promise.withResolvers<void>();
  const heard = (id: string) => {
    if (id === '') return listening.resolve();
    n += 1;
    onChange(n);
  };
  void listen(`${mesh.servers.postgres}/consent`, 'erasures', heard, signal);
  await listening.promise;
  const { erasure, accessToken } = await scene.erased.privacy.createErasure({ requestId: uuidv7() });
  onChange(0);
  return { erasureId: erasure!.id, accessToken };
}

/** Erases a new person, and holds the end against what it has to be, whatever `onChange` did. */
async function eraseSomebody(onChange: (n: number) => void): Promise<void> {
  const scene = await newErasureScene(mesh, friends, size);
  for (const { link } of scene.works.filter((work) => work.link !== '')) expect((await fetch(link)).status).toBe(200);
  const toldBefore = await toldMails(mesh);
  const before = await storedObjects(mesh);
  const done = new AbortController();
  const asked = await begin(scene, onChange, done.signal);
  await untilErased(mesh, asked, LIMIT_MS);
  done.abort();
  // The last victim may still be starting when the erasure has ended: what is looked at below asks all of them.
  for (const { name } of mesh.processes) await mesh.process(name);
  await expectTold(mesh, scene, toldBefore);
  await expectJointWorks(scene);
  await expectNothingLeft(mesh, scene, asked);
  await expectCertified(mesh, scene, await certificateOf(mesh, asked), before);
}

test('undisturbed', { timeout: 900_000 }, async () => {
  await eraseSomebody((n) => {
    changes = Math.max(changes, n);
  });
  expect(changes).toBeGreaterThan(5);
});

describe(`kill -9, seed ${seed}`, () => {
  const random = randomOf(seed);
  const plans = Array.from({ length: erasures }, (_, i) =>
    Array.from({ length: KILLS }, (_, k) => ({
      victim: VICTIMS[(i * KILLS + k) % VICTIMS.length]!,
      share: Number(random.between(0, LAST_SHARE).toFixed(2)),
    })).toSorted((a, b) => a.share - b.share),
  );
  const named = plans.map((plan) => ({ plan, name: plan.map((kill) => `${kill.victim} ${kill.share}`).join(', ') }));
  test.each(named)('$name: the same end', { timeout: 900_000 }, async ({ plan }) => {
    const left = [...plan];
    await eraseSomebody((n) => {
      if (left.length === 0 || n < Math.floor(left[0]!.share * changes)) return;
      const { victim } = left.shift()!;
      const { pid } = mesh.processes.find((process) => process.name === victim)!;
      console.log(`kill -9 ${victim} (${pid}) after ${n} of ${changes} changes`);
      process.kill(pid, 'SIGKILL');
    });
    expect(left).toEqual([]);
  });
});
