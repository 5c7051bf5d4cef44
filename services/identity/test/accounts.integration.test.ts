import { newId } from '@irisvue/database';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { refusal } from './refusal.ts';
import { PASSWORD, type StartedIdentity, startIdentity } from './started-identity.ts';

let identity: StartedIdentity;
beforeAll(async () => {
  identity = await startIdentity();
});
afterAll(() => identity[Symbol.asyncDispose]());

const badCredentials = { code: 'Unauthenticated', reason: 'BAD_CREDENTIALS', metadata: {} };

describe('signing up', () => {
  test('makes an account with its first session', async () => {
    const { user, tokens } = await identity.signUp('Ada@Example.org');
    expect(user).toMatchObject({ email: 'Ada@Example.org', active: true, verified: false });
    expect(user.id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7/);
    expect((await identity.users(tokens.accessToken).getUser({})).user).toEqual(user);
  });

  test('is refused when the e-mail has an account in another case', async () => {
    await identity.signUp('grace@example.org');
    const again = identity
      .users()
      .createUser({ requestId: newId(), email: 'GRACE@example.ORG', password: 'another password' });
    expect(await refusal(again)).toEqual({
      code: 'AlreadyExists',
      reason: 'ALREADY_EXISTS',
      metadata: { resource: 'user' },
    });
  });

  test('at the same time with one e-mail in many cases makes one account', async () => {
    const emails = ['race@example.org', 'RACE@example.org', 'Race@example.org', 'rAce@Example.org'];
    const calls = await Promise.allSettled(emails.map((email) => identity.signUp(email)));
    expect(calls.filter((call) => call.status === 'fulfilled')).toHaveLength(1);
    for (const call of calls) {
      if (call.status === 'rejected') {
        expect((await refusal(Promise.reject(call.reason))).reason).toBe('ALREADY_EXISTS');
      }
    }
  });

  test('again with the same request id gives the same account and a session of its own', async () => {
    const request = { requestId: newId(), email: 'twice@example.org', password: PASSWORD };
    const answers = await Promise.all([identity.users().createUser(request), identity.users().createUser(request)]);
    expect(answers[0].user).toEqual(answers[1].user);
    expect(answers[0].tokens?.refreshToken).not.toBe(answers[1].tokens?.refreshToken);
  });

  test.each([
    ['another password', { password: 'not the same words' }],
    ['another e-mail', { email: 'somebody.else@example.org' }],
  ])('again with the same request id and %s gives nothing away', async (_, other) => {
    const request = { requestId: newId(), email: `${newId()}@example.org`, password: PASSWORD };
    await identity.users().createUser(request);
    expect(await refusal(identity.users().createUser({ ...request, ...other }))).toEqual({
      code: 'Aborted',
      reason: 'REQUEST_ID_REUSED',
      metadata: { request_id: request.requestId },
    });
  });

  test.each([
    ['email', { email: 'no address' }],
    ['password', { password: 'seven77' }],
    ['password', { password: 'x'.repeat(201) }],
    ['request_id', { requestId: 'not-a-uuid' }],
  ])('is refused for a broken %s', async (field, broken) => {
    const request = { requestId: newId(), email: 'new@example.org', password: PASSWORD, ...broken };
    const { code, reason, metadata } = await refusal(identity.users().createUser(request));
    expect({ code, reason, field: metadata?.['field'] }).toEqual({
      code: 'InvalidArgument',
      reason: 'INVALID_FIELD',
      field,
    });
  });
});

describe('signing in', () => {
  test('takes the e-mail in any case', async () => {
    const { user } = await identity.signUp('alan@example.org');
    const answer = await identity.users().createSession({ email: 'ALAN@example.org', password: PASSWORD });
    expect(answer.user).toEqual(user);
  });

  test('is refused alike for a wrong password, an unknown e-mail, a closed account and one without a password', async () => {
    const { email } = await identity.signUp();
    const closed = await identity.signUp();
    await identity.db.updateTable('users').set({ active: false }).where('id', '=', closed.user.id).execute();
    const provided = `${newId()}@example.org`;
    await identity.db
      .insertInto('users')
      .values({
        id: newId(),
        email: provided,
        active: true,
        verified: true,
        created_at: new Date(),
        updated_at: new Date(),
      })
      .execute();
    const attempts = [
      { email, password: 'wrong password' },
      { email: 'nobody@example.org', password: PASSWORD },
      { email: closed.email, password: PASSWORD },
      { email: provided, password: PASSWORD },
    ];
    for (const attempt of attempts) {
      expect(await refusal(identity.users().createSession(attempt))).toEqual(badCredentials);
    }
  });
});

test('what is stored and what is logged holds no password and no token, and the log no e-mail', async () => {
  const { email, tokens } = await identity.signUp();
  await refusal(identity.users().createSession({ email, password: 'wrong password' }));
  await identity.users().refreshSession({ refreshToken: tokens.refreshToken });
  await refusal(identity.users().refreshSession({ refreshToken: tokens.refreshToken }));
  const rows = await Promise.all([
    identity.db.selectFrom('users').selectAll().execute(),
    identity.db.selectFrom('sessions').selectAll().execute(),
    identity.db.selectFrom('refresh_tokens').selectAll().execute(),
  ]);
  const stored = JSON.stringify(rows);
  const logged = identity.log.join('');
  expect(logged).toContain('a refresh token came twice');
  for (const secret of [PASSWORD, tokens.refreshToken, tokens.accessToken]) {
    expect(stored).not.toContain(secret);
    expect(logged).not.toContain(secret);
  }
  expect(logged).not.toContain(email);
});
