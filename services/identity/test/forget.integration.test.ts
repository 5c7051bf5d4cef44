import { until } from '@irisvue/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { refusal } from './refusal.ts';
import { type StartedIdentity, startIdentity } from './started-identity.ts';

const DAY_MS = 24 * 3_600_000;

let identity: StartedIdentity;
beforeAll(async () => {
  identity = await startIdentity({ IRISVUE_FORGET_SECONDS: '0.05' });
});
afterAll(() => identity[Symbol.asyncDispose]());

test('links, nonces and throttles go when they have ended, and not before', async () => {
  const { email } = await identity.signUp();
  await identity.inbox.take(email, /Verify/);
  await identity.users().createProviderNonce({});
  await refusal(identity.users().createSession({ email, password: 'wrong' }));
  const rows = async () => ({
    links: (await identity.db.selectFrom('link_tokens').select('sha256').execute()).length,
    nonces: (await identity.db.selectFrom('provider_nonces').select('sha256').execute()).length,
    throttles: (await identity.db.selectFrom('throttles').select('key').execute()).length > 0,
  });
  identity.pass(9 * 60_000);
  expect(await rows()).toEqual({ links: 1, nonces: 1, throttles: true });
  identity.pass(60_000);
  await until(async () => (await rows()).nonces === 0);
  expect(await rows()).toEqual({ links: 1, nonces: 0, throttles: true });
  identity.pass(3 * DAY_MS);
  await until(async () => (await rows()).links === 0 && !(await rows()).throttles);
});
