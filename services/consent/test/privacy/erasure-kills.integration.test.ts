import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { findText, newId } from '@irisvue/database';
import { connectEvents, countText } from '@irisvue/events';
import { createLogger, systemClock } from '@irisvue/runtime';
import { temporaryFolder, until } from '@irisvue/testing';
import { decodeJwt } from 'jose';
import { afterEach, expect, inject, test } from 'vitest';
import { readChain } from '../../src/audit/audit-chain.ts';
import { verifyChain } from '../../src/audit/verify-chain.ts';
import { accessTokens } from '../../src/privacy/access-token.ts';
import { createErasures } from '../../src/privacy/erasures.ts';
import type { PrivacyDb } from '../../src/privacy/schema.ts';
import { consentDatabase } from '../audit/consent-database.ts';
import { sha256, startDataHolder } from './data-holder.ts';

const KILLS = 20;
const OBJECTS = 40;
const STEP_MS = 20;

let child: ChildProcess | undefined;
afterEach(() => child?.kill('SIGKILL'));

test('a worker is killed 20 times at random points, and the end is the same', { timeout: 240_000 }, async () => {
  await using database = await consentDatabase();
  await using holder = await startDataHolder({ stepMs: STEP_MS });
  const db = database.db as unknown as PrivacyDb;
  const logger = createLogger({ service: 'test', level: 'silent' });
  const userId = newId();
  const others = [newId(), newId()];
  const objects = Array.from({ length: OBJECTS }, (_, index) => `object ${index}`);
  holder.held.set(userId, { objects, jointWith: others });
  const erasures = createErasures({ db, tokens: accessTokens('secret'), clock: systemClock });
  const request = { userId, requestId: newId(), method: 'test', request: new Uint8Array() };
  const id = await erasures.create({ userId, subject: { id: userId, kind: 'self' }, request });

  await using folder = await temporaryFolder('store');
  const servers = [database.url, inject('natsUrl'), inject('redisUrl'), holder.url];
  const args = [...servers, `consent-audit-${newId()}`, `file://${folder.path}`];
  const start = async () => {
    child = fork(path.join(import.meta.dirname, 'erasing-process.ts'), args, { stdio: 'ignore' });
    await once(child, 'message');
    return child;
  };
  const stateOf = async () =>
    (await db.selectFrom('erasures').select('state').where('id', '=', id).executeTakeFirstOrThrow()).state;
  const seen = new Set<string>();
  let kills = 0;
  while (kills < KILLS && (await stateOf()) !== 'completed') {
    const worker = await start();
    await delay(Math.random() * 400);
    worker.kill('SIGKILL');
    await once(worker, 'exit');
    seen.add(await stateOf());
    kills += 1;
  }
  await start();
  await until(async () => (await stateOf()) === 'completed', { what: 'that the erasure ends', limitMs: 60_000 });
  expect(kills).toBeGreaterThan(5);
  expect(seen).toContain('erasing');

  const { certificate } = await db
    .selectFrom('erasures')
    .select('certificate')
    .where('id', '=', id)
    .executeTakeFirstOrThrow();
  const said = decodeJwt<{ objects: Array<{ sha256: string }>; joint_works: unknown[] }>(certificate!);
  expect(said.objects.map((object) => object.sha256).sort()).toEqual(objects.map(sha256).sort());
  expect(said.joint_works).toMatchObject([{ outcome: 'deleted', told: 2 }]);
  expect([...holder.mails.values()].map((mail) => mail.userId).sort()).toEqual(others.sort());
  expect((await findText(db, userId)).findings).toEqual([]);
  await using bus = await connectEvents({ url: inject('natsUrl'), name: 'test', logger });
  expect((await countText(bus, [userId])).every(({ count }) => count === 0)).toBe(true);
  expect((await verifyChain(readChain(database.db))).problem).toBeUndefined();
  const completed = await db
    .selectFrom('audit_log')
    .select('entry')
    .where('entry', 'like', '%erasure_completed%')
    .execute();
  expect(completed).toHaveLength(1);
});
