import { newId } from '@irisvue/database';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { tokenIn } from './inbox.ts';
import { refusal } from './refusal.ts';
import { PASSWORD, type StartedIdentity, startIdentity } from './started-identity.ts';

const HOUR_MS = 3_600_000;
const NEW_PASSWORD = 'staple battery horse';

let identity: StartedIdentity;
beforeAll(async () => {
  identity = await startIdentity();
});
afterAll(() => identity[Symbol.asyncDispose]());

const linkInvalid = { code: 'FailedPrecondition', reason: 'LINK_INVALID', metadata: { problem: 'invalid' } };
const askReset = (email: string) => identity.users().sendPasswordReset({ requestId: newId(), email });
const reset = (token: string, requestId = newId(), password = NEW_PASSWORD) =>
  identity.users().resetPassword({ requestId, token, password });
const resetToken = async (email: string) => {
  await askReset(email);
  return tokenIn(await identity.inbox.take(email, /new password/));
};
const signIn = async (email: string, password: string) =>
  (await identity.users().createSession({ email, password })).tokens!;
const isOver = async (accessToken: string) =>
  (await refusal(identity.users(accessToken).getUser({}))).reason === 'TOKEN_INVALID';

describe('resetting a password', () => {
  test('sets it by the mailed link, verifies the e-mail, ends every session and tells the owner', async () => {
    const { email, tokens } = await identity.signUp();
    const other = await signIn(email, PASSWORD);
    await reset(await resetToken(email));
    expect(await isOver(tokens.accessToken)).toBe(true);
    expect(await isOver(other.accessToken)).toBe(true);
    expect((await refusal(identity.users().refreshSession({ refreshToken: other.refreshToken }))).reason).toBe(
      'TOKEN_INVALID',
    );
    expect((await refusal(signIn(email, PASSWORD))).reason).toBe('BAD_CREDENTIALS');
    const { user } = await identity.users().createSession({ email, password: NEW_PASSWORD });
    expect(user?.verified).toBe(true);
    await identity.inbox.take(email, /was changed/);
  });

  test('answers the same for an address without an account, and mails nobody', async () => {
    const email = `${newId()}@example.org`;
    expect(await askReset(email)).toEqual(await askReset((await identity.signUp()).email));
    await identity.untilMailed();
    expect(identity.inbox.mails.filter((mail) => mail.to === email)).toEqual([]);
  });

  test('answers a used, an expired, an unknown and another kind of link alike', async () => {
    const { email } = await identity.signUp();
    const verification = tokenIn(await identity.inbox.take(email, /Verify/));
    const used = await resetToken(email);
    await reset(used);
    const expired = await resetToken(email);
    identity.pass(HOUR_MS);
    for (const token of ['never mailed', used, expired, verification]) {
      expect(await refusal(reset(token))).toEqual(linkInvalid);
    }
    await signIn(email, NEW_PASSWORD);
  });

  test('with the same request again changes nothing more; with another password it is another request', async () => {
    const { email } = await identity.signUp();
    const [token, requestId] = [await resetToken(email), newId()];
    await reset(token, requestId);
    const { tokens } = await identity.users().createSession({ email, password: NEW_PASSWORD });
    await reset(token, requestId);
    expect(await isOver(tokens!.accessToken).catch(() => false)).toBe(false);
    expect((await refusal(reset(token, requestId, 'quite other words'))).reason).toBe('REQUEST_ID_REUSED');
  });

  test('by one link at the same time succeeds once', async () => {
    const { email } = await identity.signUp();
    const token = await resetToken(email);
    const passwords = ['password one', 'password two', 'password three'];
    const calls = await Promise.allSettled(passwords.map((password) => reset(token, newId(), password)));
    const won = calls.findIndex((call) => call.status === 'fulfilled');
    expect(calls.filter((call) => call.status === 'fulfilled')).toHaveLength(1);
    await signIn(email, passwords[won]!);
  });

  test('is not to be had for a provider’s account whose address nobody proved', async () => {
    const email = `${newId()}@example.org`;
    const now = identity.now();
    const row = { id: newId(), email, password_hash: null, active: true, created_at: now, updated_at: now };
    await identity.db
      .insertInto('users')
      .values({ ...row, verified: false })
      .execute();
    await askReset(email);
    await identity.untilMailed();
    expect(identity.inbox.mails.filter((mail) => mail.to === email)).toEqual([]);
    await identity.db.updateTable('users').set({ verified: true }).where('id', '=', row.id).execute();
    await reset(await resetToken(email));
    await signIn(email, NEW_PASSWORD);
  });

  test('is mailed to one address only so often, with or without an account', async () => {
    for (const email of [(await identity.signUp()).email, `${newId()}@example.org`]) {
      for (let i = 0; i < 4; i++) await askReset(email);
      const { reason, metadata } = await refusal(askReset(email));
      expect({ reason, metadata }).toEqual({ reason: 'RATE_LIMITED', metadata: { retry_after_ms: '60000' } });
    }
  });
});

describe('changing a password', () => {
  const change = (accessToken: string, currentPassword: string, requestId = newId()) =>
    identity.users(accessToken).changePassword({ requestId, currentPassword, password: NEW_PASSWORD });

  test('ends the other sessions, keeps this one, and tells the owner', async () => {
    const { email, tokens } = await identity.signUp();
    const other = await signIn(email, PASSWORD);
    await change(tokens.accessToken, PASSWORD);
    expect((await identity.users(tokens.accessToken).getUser({})).user?.email).toBe(email);
    expect(await isOver(other.accessToken)).toBe(true);
    await signIn(email, NEW_PASSWORD);
    await identity.inbox.take(email, /was changed/);
  });

  test('needs the current one', async () => {
    const { email, tokens } = await identity.signUp();
    expect((await refusal(change(tokens.accessToken, NEW_PASSWORD))).reason).toBe('BAD_CREDENTIALS');
    await signIn(email, PASSWORD);
  });

  test('is answered again when the answer was lost', async () => {
    const { tokens } = await identity.signUp();
    const requestId = newId();
    await change(tokens.accessToken, PASSWORD, requestId);
    await change(tokens.accessToken, PASSWORD, requestId);
  });

  test('kills a link to a new e-mail that somebody else may have asked for', async () => {
    const { email, tokens } = await identity.signUp();
    const next = `thief.${email}`;
    const thief = await signIn(email, PASSWORD);
    await identity.users(thief.accessToken).sendEmailChange({ requestId: newId(), password: PASSWORD, email: next });
    const token = tokenIn(await identity.inbox.take(next, /Confirm/));
    await change(tokens.accessToken, PASSWORD);
    expect(await refusal(identity.users().changeEmail({ requestId: newId(), token }))).toEqual(linkInvalid);
  });
});

test('neither the database nor the log holds a password, a token of a link, or (the log) an address', async () => {
  const { email, tokens } = await identity.signUp();
  const verification = tokenIn(await identity.inbox.take(email, /Verify/));
  const [used, standing] = [await resetToken(email), await resetToken(email)];
  await identity.users(tokens.accessToken).changePassword({
    requestId: newId(),
    currentPassword: PASSWORD,
    password: NEW_PASSWORD,
  });
  await refusal(reset(used));
  const tables = ['users', 'requests', 'link_tokens', 'mails', 'throttles', 'sessions', 'refresh_tokens'] as const;
  const rows = await Promise.all(tables.map((table) => identity.db.selectFrom(table).selectAll().execute()));
  const stored = JSON.stringify(rows);
  const logged = identity.log.join('');
  expect(logged).toContain('sent a mail');
  for (const secret of [PASSWORD, NEW_PASSWORD, verification, used, standing]) {
    expect(stored).not.toContain(secret);
    expect(logged).not.toContain(secret);
  }
  expect(logged).not.toContain(email);
});
