import { newId } from '@irisvue/database';
import { decodeJwt } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { refusal } from './refusal.ts';
import { PASSWORD, type StartedIdentity, startIdentity } from './started-identity.ts';

const MINUTE_MS = 60_000;

let identity: StartedIdentity;
beforeAll(async () => {
  identity = await startIdentity();
});
afterAll(() => identity[Symbol.asyncDispose]());

const sessionIdOf = (accessToken: string) => String(decodeJwt(accessToken)['sid']);
const list = (accessToken: string) => identity.users(accessToken).listSessions({});
const idsOf = async (accessToken: string) => (await list(accessToken)).sessions.map(({ id }) => id);
const signIn = async (email: string, clientName = '') =>
  (await identity.users().createSession({ email, password: PASSWORD, clientName })).tokens!;

describe('the list of sessions', () => {
  test('has those that stand, newest first, with what the user may know them by', async () => {
    const { email, tokens } = await identity.signUp();
    identity.pass(MINUTE_MS);
    const signedIn = identity.now();
    const phone = await signIn(email, 'Firefox on Android');
    identity.pass(MINUTE_MS);
    const renewed = identity.now();
    await identity.users().refreshSession({ refreshToken: phone.refreshToken });
    const { sessions } = await list(tokens.accessToken);
    expect(sessions.map(({ id, clientName, current }) => ({ id, clientName, current }))).toEqual([
      { id: sessionIdOf(phone.accessToken), clientName: 'Firefox on Android', current: false },
      { id: sessionIdOf(tokens.accessToken), clientName: '', current: true },
    ]);
    const milliseconds = (time?: { seconds: bigint; nanos: number }) =>
      Number(time?.seconds) * 1_000 + Number(time?.nanos) / 1e6;
    expect(milliseconds(sessions[0]?.createTime)).toBe(signedIn.getTime());
    expect(milliseconds(sessions[0]?.refreshTime)).toBe(renewed.getTime());
    expect(milliseconds(sessions[0]?.expireTime)).toBe(renewed.getTime() + 30 * 24 * 60 * MINUTE_MS);
  });

  test('holds nobody else’s, and none that ended', async () => {
    const [{ email, tokens }, other] = [await identity.signUp(), await identity.signUp()];
    const gone = await signIn(email);
    await identity.users(gone.accessToken).deleteSession({});
    expect(await idsOf(tokens.accessToken)).toEqual([sessionIdOf(tokens.accessToken)]);
    expect(await idsOf(other.tokens.accessToken)).toEqual([sessionIdOf(other.tokens.accessToken)]);
  });

  test('comes in pages', async () => {
    const { email, tokens } = await identity.signUp();
    for (let i = 0; i < 4; i++) await signIn(email, `client ${i}`);
    const users = identity.users(tokens.accessToken);
    const seen: string[] = [];
    let pageToken = '';
    do {
      const page = await users.listSessions({ pageSize: 2, pageToken });
      expect(page.sessions.length).toBeLessThanOrEqual(2);
      seen.push(...page.sessions.map(({ clientName }) => clientName));
      pageToken = page.nextPageToken;
    } while (pageToken !== '');
    expect(seen).toEqual(['client 3', 'client 2', 'client 1', 'client 0', '']);
    expect((await refusal(users.listSessions({ pageToken: 'made up' }))).metadata?.['field']).toBe('page_token');
  });
});

describe('revoking', () => {
  const over = async (accessToken: string) =>
    (await refusal(identity.users(accessToken).getUser({}))).reason === 'TOKEN_INVALID';
  const revoke = (accessToken: string, sessionId: string) =>
    identity.users(accessToken).revokeSession({ requestId: newId(), sessionId });

  test('ends one session at once, and is harmless twice', async () => {
    const { email, tokens } = await identity.signUp();
    const lost = await signIn(email);
    await revoke(tokens.accessToken, sessionIdOf(lost.accessToken));
    await revoke(tokens.accessToken, sessionIdOf(lost.accessToken));
    expect(await over(lost.accessToken)).toBe(true);
    const { reason } = await refusal(identity.users().refreshSession({ refreshToken: lost.refreshToken }));
    expect(reason).toBe('TOKEN_INVALID');
    expect(await idsOf(tokens.accessToken)).toEqual([sessionIdOf(tokens.accessToken)]);
  });

  test('knows only one’s own sessions', async () => {
    const [mine, other] = [await identity.signUp(), await identity.signUp()];
    for (const id of [sessionIdOf(other.tokens.accessToken), newId()]) {
      expect(await refusal(revoke(mine.tokens.accessToken, id))).toEqual({
        code: 'NotFound',
        reason: 'NOT_FOUND',
        metadata: { resource: 'session', id },
      });
    }
    expect(await idsOf(other.tokens.accessToken)).toHaveLength(1);
  });

  test('all others leaves the one that asks', async () => {
    const [{ email, tokens }, stranger] = [await identity.signUp(), await identity.signUp()];
    const others = [await signIn(email), await signIn(email)];
    await identity.users(tokens.accessToken).revokeOtherSessions({ requestId: newId() });
    for (const { accessToken } of others) expect(await over(accessToken)).toBe(true);
    expect(await idsOf(tokens.accessToken)).toEqual([sessionIdOf(tokens.accessToken)]);
    expect(await idsOf(stranger.tokens.accessToken)).toHaveLength(1);
  });

  test('is not to be had by a session that was revoked itself', async () => {
    const { email, tokens } = await identity.signUp();
    const thief = await signIn(email);
    await revoke(tokens.accessToken, sessionIdOf(thief.accessToken));
    const { reason } = await refusal(revoke(thief.accessToken, sessionIdOf(tokens.accessToken)));
    expect(reason).toBe('TOKEN_INVALID');
  });
});
