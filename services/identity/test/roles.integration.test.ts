import { Role } from '@irisvue/contracts/irisvue/identity/v1/identity_service';
import { decodeJwt } from 'jose';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { refusal } from './refusal.ts';
import { PASSWORD, type StartedIdentity, startIdentity } from './started-identity.ts';

let identity: StartedIdentity;
beforeAll(async () => {
  identity = await startIdentity();
});
afterAll(() => identity[Symbol.asyncDispose]());

const setRole = async (email: string, role: Role) =>
  identity.services(await identity.serviceToken('command')).setRole({ email, role });
const signIn = async (email: string) => (await identity.users().createSession({ email, password: PASSWORD })).tokens!;
const roleIn = (token: string) => decodeJwt(token)['role'];

test('an operator’s tokens say so, from the next sign-in on, through renewals, until it is taken away', async () => {
  const { email, tokens } = await identity.signUpVerified();
  expect(roleIn(tokens.accessToken)).toBeUndefined();

  expect((await setRole(email.toUpperCase(), Role.OPERATOR)).user?.role).toBe(Role.OPERATOR);
  expect((await refusal(identity.users(tokens.accessToken).getUser({}))).reason).toBe('TOKEN_INVALID');
  const operator = await signIn(email);
  expect(roleIn(operator.accessToken)).toBe('operator');
  const renewed = (await identity.users().refreshSession({ refreshToken: operator.refreshToken })).tokens!;
  expect(roleIn(renewed.accessToken)).toBe('operator');
  expect((await identity.users(renewed.accessToken).getUser({})).user?.role).toBe(Role.OPERATOR);

  // Setting what is set signs nobody out.
  await setRole(email, Role.OPERATOR);
  await identity.users(renewed.accessToken).getUser({});

  await setRole(email, Role.USER);
  expect((await refusal(identity.users().refreshSession({ refreshToken: renewed.refreshToken }))).reason).toBe(
    'TOKEN_INVALID',
  );
  expect(roleIn((await signIn(email)).accessToken)).toBeUndefined();
});

test('an address that nobody proved does not become an operator’s, nor one that nobody has', async () => {
  const { email } = await identity.signUp();
  expect((await refusal(setRole(email, Role.OPERATOR))).reason).toBe('EMAIL_NOT_VERIFIED');
  expect((await refusal(setRole('nobody@example.org', Role.OPERATOR))).reason).toBe('NOT_FOUND');
});
