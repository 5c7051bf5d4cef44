import { newId } from '@irisvue/database';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { tokenIn } from './inbox.ts';
import { refusal } from './refusal.ts';
import { PASSWORD, type StartedIdentity, startIdentity } from './started-identity.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

let identity: StartedIdentity;
beforeAll(async () => {
  identity = await startIdentity();
});
afterAll(() => identity[Symbol.asyncDispose]());

const linkInvalid = { code: 'FailedPrecondition', reason: 'LINK_INVALID', metadata: { problem: 'invalid' } };
const verify = (token: string, requestId = newId()) => identity.users().verifyEmail({ requestId, token });
const change = (token: string) => identity.users().changeEmail({ requestId: newId(), token });
const userOf = async (accessToken: string) => (await identity.users(accessToken).getUser({})).user!;

describe('verifying an e-mail', () => {
  test('is done by the link of the mail that follows a sign-up', async () => {
    const { email, tokens } = await identity.signUp();
    const mail = await identity.inbox.take(email, /Verify/);
    expect(mail.text).toMatch(/http:\/\/127\.0\.0\.1:8080\/account\/verify#[\w-]{43}\s/);
    expect((await userOf(tokens.accessToken)).verified).toBe(false);
    await verify(tokenIn(mail));
    expect((await userOf(tokens.accessToken)).verified).toBe(true);
  });

  test('answers an unknown, a used, an expired and another kind of link alike', async () => {
    const [used, expired] = [await identity.signUp(), await identity.signUp()];
    const usedToken = tokenIn(await identity.inbox.take(used.email, /Verify/));
    await verify(usedToken);
    const expiredToken = tokenIn(await identity.inbox.take(expired.email, /Verify/));
    await identity.users().sendPasswordReset({ requestId: newId(), email: used.email });
    identity.pass(3 * DAY_MS);
    await identity.users().sendPasswordReset({ requestId: newId(), email: expired.email });
    const otherToken = tokenIn(await identity.inbox.take(expired.email, /password/));
    for (const token of ['never mailed', usedToken, expiredToken, otherToken]) {
      expect(await refusal(verify(token))).toEqual(linkInvalid);
    }
    expect((await userOf((await signIn(expired.email)).accessToken)).verified).toBe(false);
  });

  test('with the same request again is answered as before', async () => {
    const { email } = await identity.signUp();
    const token = tokenIn(await identity.inbox.take(email, /Verify/));
    const requestId = newId();
    await verify(token, requestId);
    await verify(token, requestId);
    expect(await refusal(verify(token))).toEqual(linkInvalid);
  });

  test('by one link at the same time succeeds once', async () => {
    const { email } = await identity.signUp();
    const token = tokenIn(await identity.inbox.take(email, /Verify/));
    const calls = await Promise.allSettled(Array.from({ length: 8 }, () => verify(token)));
    expect(calls.filter((call) => call.status === 'fulfilled')).toHaveLength(1);
  });

  test('can be asked for again; nothing is sent to an address that is verified', async () => {
    const { email, tokens } = await identity.signUp();
    const first = tokenIn(await identity.inbox.take(email, /Verify/));
    await identity.users(tokens.accessToken).sendEmailVerification({ requestId: newId() });
    const second = tokenIn(await identity.inbox.take(email, /Verify/));
    expect(second).not.toBe(first);
    await verify(second);
    expect(await refusal(verify(first))).toEqual(linkInvalid);
    await identity.users(tokens.accessToken).sendEmailVerification({ requestId: newId() });
    await identity.untilMailed();
    expect(identity.inbox.mails.filter((mail) => mail.to === email)).toHaveLength(2);
  });

  test('is mailed to one recipient only so often', async () => {
    const { email, tokens } = await identity.signUp();
    const ask = () => identity.users(tokens.accessToken).sendEmailVerification({ requestId: newId() });
    for (let i = 0; i < 4; i++) await ask();
    const { reason, metadata } = await refusal(ask());
    expect(reason).toBe('RATE_LIMITED');
    expect(Number(metadata?.['retry_after_ms'])).toBeGreaterThan(0);
    identity.pass(Number(metadata?.['retry_after_ms']));
    await identity.users((await signIn(email)).accessToken).sendEmailVerification({ requestId: newId() });
  });
});

describe('changing an e-mail', () => {
  const ask = (accessToken: string, email: string, password = PASSWORD) =>
    identity.users(accessToken).sendEmailChange({ requestId: newId(), password, email });

  test('happens when the link in the mail to the new address is used; the old address is told', async () => {
    const { email, tokens } = await identity.signUpVerified();
    const next = `new.${email}`;
    await ask(tokens.accessToken, next);
    const token = tokenIn(await identity.inbox.take(next, /Confirm/));
    expect((await userOf(tokens.accessToken)).email).toBe(email);
    await change(token);
    expect(await userOf(tokens.accessToken)).toMatchObject({ email: next, verified: true });
    const told = await identity.inbox.take(email, /was changed/);
    expect(told.raw).not.toContain(next);
    expect((await refusal(signIn(email))).reason).toBe('BAD_CREDENTIALS');
    await signIn(next);
    expect(await refusal(change(token))).toEqual(linkInvalid);
  });

  test('needs the password', async () => {
    const { email, tokens } = await identity.signUp();
    const { reason } = await refusal(ask(tokens.accessToken, `new.${email}`, 'not my password'));
    expect(reason).toBe('BAD_CREDENTIALS');
  });

  test('to an address that has an account is answered as any other, and mails that address no link', async () => {
    const [other, { tokens, email }] = [await identity.signUp(), await identity.signUp()];
    await ask(tokens.accessToken, other.email.toUpperCase());
    const mail = await identity.inbox.take(other.email, /account already/);
    expect(mail.text).not.toContain('#');
    expect((await userOf(tokens.accessToken)).email).toBe(email);
  });

  test('fails like a dead link when the new address has got an account since', async () => {
    const { email, tokens } = await identity.signUp();
    const next = `new.${email}`;
    await ask(tokens.accessToken, next);
    const token = tokenIn(await identity.inbox.take(next, /Confirm/));
    await identity.signUp(next);
    expect(await refusal(change(token))).toEqual(linkInvalid);
    expect((await userOf(tokens.accessToken)).email).toBe(email);
  });

  test('asked for again leaves only the newest link', async () => {
    const { email, tokens } = await identity.signUp();
    await ask(tokens.accessToken, `one.${email}`);
    const first = tokenIn(await identity.inbox.take(`one.${email}`, /Confirm/));
    await ask(tokens.accessToken, `two.${email}`);
    const second = tokenIn(await identity.inbox.take(`two.${email}`, /Confirm/));
    expect(await refusal(change(first))).toEqual(linkInvalid);
    await change(second);
    expect((await userOf(tokens.accessToken)).email).toBe(`two.${email}`);
  });

  test('kills the links that went to the old address', async () => {
    const { email, tokens } = await identity.signUp();
    const verification = tokenIn(await identity.inbox.take(email, /Verify/));
    await identity.users().sendPasswordReset({ requestId: newId(), email });
    const reset = tokenIn(await identity.inbox.take(email, /new password/));
    await ask(tokens.accessToken, `new.${email}`);
    await change(tokenIn(await identity.inbox.take(`new.${email}`, /Confirm/)));
    expect(await refusal(verify(verification))).toEqual(linkInvalid);
    const answer = identity.users().resetPassword({ requestId: newId(), token: reset, password: 'brand new words' });
    expect(await refusal(answer)).toEqual(linkInvalid);
  });

  test('works for one day', async () => {
    const { email, tokens } = await identity.signUp();
    await ask(tokens.accessToken, `new.${email}`);
    const token = tokenIn(await identity.inbox.take(`new.${email}`, /Confirm/));
    identity.pass(DAY_MS);
    expect(await refusal(change(token))).toEqual(linkInvalid);
  });
});

async function signIn(email: string) {
  return (await identity.users().createSession({ email, password: PASSWORD })).tokens!;
}
