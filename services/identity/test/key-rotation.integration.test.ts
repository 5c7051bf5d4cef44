import { newId } from '@irisvue/database';
import { decodeProtectedHeader } from 'jose';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { PASSWORD, type StartedIdentity, startIdentity } from './started-identity.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

let identity: StartedIdentity;
beforeAll(async () => {
  identity = await startIdentity();
});
afterAll(() => identity[Symbol.asyncDispose]());

const kidOf = (token: string) => decodeProtectedHeader(token).kid;
const published = async () => {
  const answer = await fetch(`${identity.url}/.well-known/jwks.json`);
  return ((await answer.json()) as { keys: { kid: string }[] }).keys.map(({ kid }) => kid);
};

test('keys rotate without signing anybody out', async () => {
  const email = `${newId()}@example.org`;
  await identity.signUp(email);
  identity.pass(30 * DAY_MS - 10 * MINUTE_MS);
  const before = (await identity.users().createSession({ email, password: PASSWORD })).tokens!;
  const oldService = await identity.serviceToken('jobs');

  identity.pass(10 * MINUTE_MS);
  await identity.users(before.accessToken).getUser({});
  const both = await published();
  expect(both).toHaveLength(2);
  expect(both).toContain(kidOf(before.accessToken));

  identity.pass(16 * MINUTE_MS);
  const after = (await identity.users().refreshSession({ refreshToken: before.refreshToken })).tokens!;
  expect(kidOf(after.accessToken)).not.toBe(kidOf(before.accessToken));
  expect(both).toContain(kidOf(after.accessToken));
  await identity.users(before.accessToken).getUser({});
  await identity.users(after.accessToken).getUser({});
  expect((await identity.services(oldService).checkSession({ sessionId: newId() })).active).toBe(false);

  // The old key has verified for as long as its last token lived; only then it goes.
  identity.pass(31 * DAY_MS);
  await published();
  expect(await published()).not.toContain(kidOf(before.accessToken));
});
