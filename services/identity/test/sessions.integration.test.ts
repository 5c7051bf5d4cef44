import { newId } from '@irisvue/database';
import { decodeJwt } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { refusal } from './refusal.ts';
import { PASSWORD, type StartedIdentity, startIdentity } from './started-identity.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

let identity: StartedIdentity;
beforeAll(async () => {
  identity = await startIdentity();
});
afterAll(() => identity[Symbol.asyncDispose]());

const tokenInvalid = { code: 'Unauthenticated', reason: 'TOKEN_INVALID', metadata: {} };
const refresh = (refreshToken: string) => identity.users().refreshSession({ refreshToken });
const sessionIdOf = (accessToken: string) => String(decodeJwt(accessToken)['sid']);
const isActive = async (accessToken: string) => {
  const services = identity.services(await identity.serviceToken('jobs'));
  return (await services.checkSession({ sessionId: sessionIdOf(accessToken) })).active;
};

describe('an access token', () => {
  test('names its user and session and lives 30 minutes', async () => {
    const { user, tokens } = await identity.signUp();
    const claims = decodeJwt(tokens.accessToken);
    expect(claims).toMatchObject({ iss: 'irisvue-identity', aud: 'irisvue', sub: user.id });
    expect(claims.exp! - claims.iat!).toBe(30 * 60);
    expect(tokens.accessExpireTime?.seconds).toBe(BigInt(claims.exp!));
  });

  test('does not work after 30 minutes', async () => {
    const { tokens } = await identity.signUp();
    const users = identity.users(tokens.accessToken);
    await users.getUser({});
    identity.pass(30 * MINUTE_MS + 1_000);
    expect(await refusal(users.getUser({}))).toEqual(tokenInvalid);
  });
});

describe('a refresh token', () => {
  test('is traded for a new pair of the same session', async () => {
    const { user, tokens } = await identity.signUp();
    const renewed = (await refresh(tokens.refreshToken)).tokens!;
    expect(sessionIdOf(renewed.accessToken)).toBe(sessionIdOf(tokens.accessToken));
    expect((await identity.users(renewed.accessToken).getUser({})).user?.id).toBe(user.id);
    expect((await refresh(renewed.refreshToken)).tokens).toBeDefined();
  });

  test('that comes twice ends its session for whoever holds the newest', async () => {
    const { tokens } = await identity.signUp();
    const renewed = (await refresh(tokens.refreshToken)).tokens!;
    expect(await isActive(renewed.accessToken)).toBe(true);
    expect(await refusal(refresh(tokens.refreshToken))).toEqual(tokenInvalid);
    expect(await isActive(renewed.accessToken)).toBe(false);
    expect(await refusal(refresh(renewed.refreshToken))).toEqual(tokenInvalid);
    expect(await refusal(identity.users(renewed.accessToken).getUser({}))).toEqual(tokenInvalid);
  });

  test('that comes twice leaves the user’s other sessions alone', async () => {
    const { email, tokens } = await identity.signUp();
    const other = (await identity.users().createSession({ email, password: PASSWORD })).tokens!;
    await refresh(tokens.refreshToken);
    await refusal(refresh(tokens.refreshToken));
    expect(await isActive(other.accessToken)).toBe(true);
    expect((await refresh(other.refreshToken)).tokens).toBeDefined();
  });

  test('that comes several times at once is traded once, and the session ends', async () => {
    const { tokens } = await identity.signUp();
    const calls = await Promise.allSettled(Array.from({ length: 5 }, () => refresh(tokens.refreshToken)));
    const won = calls.filter((call) => call.status === 'fulfilled');
    expect(won).toHaveLength(1);
    expect(await isActive(tokens.accessToken)).toBe(false);
    expect(await refusal(refresh(won[0]!.value.tokens!.refreshToken))).toEqual(tokenInvalid);
  });

  test('works for 30 days, and each trade begins them anew', async () => {
    const { tokens } = await identity.signUp();
    identity.pass(30 * DAY_MS - 1_000);
    const renewed = (await refresh(tokens.refreshToken)).tokens!;
    identity.pass(30 * DAY_MS - 1_000);
    const again = (await refresh(renewed.refreshToken)).tokens!;
    identity.pass(30 * DAY_MS);
    expect(await refusal(refresh(again.refreshToken))).toEqual(tokenInvalid);
  });

  test.each(['never handed out', 'ü'])('that was %s is refused', async (token) => {
    expect(await refusal(refresh(token))).toEqual(tokenInvalid);
  });

  test('of a closed account is refused', async () => {
    const { user, tokens } = await identity.signUp();
    await identity.db.updateTable('users').set({ active: false }).where('id', '=', user.id).execute();
    expect(await isActive(tokens.accessToken)).toBe(false);
    expect(await refusal(refresh(tokens.refreshToken))).toEqual(tokenInvalid);
  });

  test('that has ended leaves the database when its user comes back', async () => {
    const { email, user } = await identity.signUp();
    identity.pass(31 * DAY_MS);
    await identity.users().createSession({ email, password: PASSWORD });
    const sessions = await identity.db.selectFrom('sessions').selectAll().where('user_id', '=', user.id).execute();
    expect(sessions).toHaveLength(1);
  });
});

describe('signing out', () => {
  test('ends the session and its access token at once, and no other', async () => {
    const { email, tokens } = await identity.signUp();
    const other = await identity.users().createSession({ email, password: PASSWORD });
    const users = identity.users(tokens.accessToken);
    await users.deleteSession({});
    expect(await isActive(tokens.accessToken)).toBe(false);
    expect(await refusal(users.getUser({}))).toEqual(tokenInvalid);
    expect(await refusal(users.deleteSession({}))).toEqual(tokenInvalid);
    expect(await refusal(identity.circles(tokens.accessToken).listCircles({}))).toEqual(tokenInvalid);
    await identity.circles(other.tokens!.accessToken).listCircles({});
    expect(await refusal(refresh(tokens.refreshToken))).toEqual(tokenInvalid);
  });
});

test('a session that never was is not active', async () => {
  const services = identity.services(await identity.serviceToken('jobs'));
  expect((await services.checkSession({ sessionId: newId() })).active).toBe(false);
});
