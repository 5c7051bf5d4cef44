import { generateKeyPairSync } from 'node:crypto';
import type { DescMethodUnary } from '@bufbuild/protobuf';
import {
  IdentityService,
  MailTemplate,
  Provider,
  Role,
  ServiceIdentityService,
} from '@irisvue/contracts/irisvue/identity/v1/identity_service';
import { newId } from '@irisvue/database';
import { decodeJwt, decodeProtectedHeader, SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { OPEN_METHODS } from '../src/identity-service.ts';
import { KNOWN_SERVICES, serviceSecret } from '../src/service-tokens.ts';
import { refusal } from './refusal.ts';
import { MASTER_SECRET, type StartedIdentity, startIdentity } from './started-identity.ts';

let identity: StartedIdentity;
let tokens: Record<TokenName, string | undefined>;
beforeAll(async () => {
  identity = await startIdentity();
  const { tokens: session } = await identity.signUp();
  const { kid } = decodeProtectedHeader(session.accessToken);
  const forge = (claims: Record<string, unknown>, alg = 'EdDSA') =>
    new SignJWT(claims)
      .setProtectedHeader({ alg, kid })
      .sign(alg === 'EdDSA' ? generateKeyPairSync('ed25519').privateKey : new TextEncoder().encode('x'.repeat(32)));
  const claims = decodeJwt(session.accessToken);
  tokens = {
    nobody: undefined,
    garbage: 'garbage',
    forged: await forge(claims),
    'signed with a public secret': await forge(claims, 'HS256'),
    unsigned: `${Buffer.from('{"alg":"none"}').toString('base64url')}.${session.accessToken.split('.')[1]}.`,
    'a user': session.accessToken,
    'a service': await identity.serviceToken('jobs'),
  };
});
afterAll(() => identity[Symbol.asyncDispose]());

type TokenName = 'nobody' | 'garbage' | 'forged' | 'signed with a public secret' | 'unsigned' | 'a user' | 'a service';

/** A call by a client that brings this token. */
function identityOf<C>(client: (token?: string) => C) {
  return (call: (client: C) => Promise<unknown>) => (token?: string) => call(client(token));
}

const NO_TOKEN = 'TOKEN_INVALID';
const invalid = {
  nobody: NO_TOKEN,
  garbage: NO_TOKEN,
  forged: NO_TOKEN,
  'signed with a public secret': NO_TOKEN,
  unsigned: NO_TOKEN,
} as const;

describe('default deny', () => {
  const ofUser = { ...invalid, 'a service': 'NOT_ALLOWED' };
  const ofService = { ...invalid, 'a user': 'NOT_ALLOWED' };
  const ofCommand = { ...ofService, 'a service': 'NOT_ALLOWED' };
  const requestId = newId();
  const proof = { requestId, provider: Provider.APPLE, idToken: 'x', nonce: 'x' };
  const users = identityOf((token) => identity.users(token));
  const services = identityOf((token) => identity.services(token));
  const refused: [string, Partial<Record<TokenName, string>>, (token?: string) => Promise<unknown>][] = [
    ['GetUser', ofUser, users((client) => client.getUser({}))],
    ['DeleteSession', ofUser, users((client) => client.deleteSession({}))],
    ['SendEmailVerification', ofUser, users((client) => client.sendEmailVerification({ requestId }))],
    [
      'ChangePassword',
      ofUser,
      users((client) => client.changePassword({ requestId, currentPassword: 'x', password: 'new words' })),
    ],
    [
      'SendEmailChange',
      ofUser,
      users((client) => client.sendEmailChange({ requestId, password: 'x', email: 'a@example.org' })),
    ],
    ['ListSessions', ofUser, users((client) => client.listSessions({}))],
    ['RevokeSession', ofUser, users((client) => client.revokeSession({ requestId, sessionId: newId() }))],
    ['RevokeOtherSessions', ofUser, users((client) => client.revokeOtherSessions({ requestId }))],
    ['LinkProvider', ofUser, users((client) => client.linkProvider(proof))],
    ['UnlinkProvider', ofUser, users((client) => client.unlinkProvider({ requestId, provider: Provider.APPLE }))],
    ['CheckSession', ofService, services((client) => client.checkSession({ sessionId: newId() }))],
    ['GetUserState', ofService, services((client) => client.getUserState({ userId: newId() }))],
    [
      'SendMail',
      ofService,
      services((client) => client.sendMail({ requestId, userId: newId(), template: MailTemplate.EXPORT_READY })),
    ],
    ['SetRole', ofCommand, services((client) => client.setRole({ email: 'a@example.org', role: Role.OPERATOR }))],
  ];
  const cases = refused.flatMap(([rpc, reasons, call]) =>
    Object.entries(reasons).map(([who, reason]) => ({ rpc, who: who as TokenName, reason, call })),
  );

  test.each(cases)('$rpc refuses $who: $reason', async ({ who, reason, call }) => {
    expect((await refusal(call(tokens[who]))).reason).toBe(reason);
  });

  test.each(refused)('%s refuses an expired token', async (_, __, call) => {
    const { tokens: session } = await identity.signUp();
    const service = await identity.serviceToken('jobs');
    identity.pass(30 * 60_000 + 1_000);
    expect((await refusal(call(session.accessToken))).reason).toBe(NO_TOKEN);
    expect((await refusal(call(service))).reason).toBe(NO_TOKEN);
  });

  test('every method that is not open is in the table above', () => {
    const open = OPEN_METHODS.map((method) => method.localName);
    const methods = [...IdentityService.methods, ...ServiceIdentityService.methods] as DescMethodUnary[];
    const closed = methods.filter((method) => !open.includes(method.localName)).map((method) => method.name);
    expect(closed.toSorted()).toEqual(refused.map(([rpc]) => rpc).toSorted());
  });

  test('open is what makes tokens, or does what the token of a mailed link may, and nothing else', () => {
    expect(OPEN_METHODS.map((method) => method.name).toSorted()).toEqual([
      'ChangeEmail',
      'CreateProviderNonce',
      'CreateProviderSession',
      'CreateServiceToken',
      'CreateSession',
      'CreateUser',
      'RefreshSession',
      'ResetPassword',
      'SendPasswordReset',
      'VerifyEmail',
    ]);
  });

  test('a bad token does not bar the way to a new one', async () => {
    const answer = await identity
      .users('garbage')
      .createUser({ requestId: newId(), email: `${newId()}@example.org`, password: 'some password' });
    expect(answer.tokens).toBeDefined();
  });
});

describe('a service token', () => {
  test.each(KNOWN_SERVICES)('is had by %s for its secret, for 30 minutes', async (service) => {
    const secret = serviceSecret(MASTER_SECRET, service);
    const { token, expireTime } = await identity.services().createServiceToken({ service, secret });
    const claims = decodeJwt(token);
    expect(claims).toMatchObject({ iss: 'irisvue-identity', aud: 'irisvue-internal', sub: `service:${service}` });
    expect(claims.exp! - claims.iat!).toBe(30 * 60);
    expect(expireTime?.seconds).toBe(BigInt(claims.exp!));
  });

  test.each([
    ['another service’s secret', 'jobs', serviceSecret(MASTER_SECRET, 'consent')],
    [
      'a secret one digit off',
      'jobs',
      serviceSecret(MASTER_SECRET, 'jobs').replace(/.$/, (d) => (d === '0' ? '1' : '0')),
    ],
    ['a secret with more behind it', 'jobs', `${serviceSecret(MASTER_SECRET, 'jobs')}0`],
    ['the right secret in capitals', 'jobs', serviceSecret(MASTER_SECRET, 'jobs').toUpperCase()],
    ['the right secret of an unknown service', 'delivery', serviceSecret(MASTER_SECRET, 'delivery')],
  ])('is not had for %s', async (_, service, secret) => {
    expect(await refusal(identity.services().createServiceToken({ service, secret }))).toEqual({
      code: 'Unauthenticated',
      reason: 'BAD_CREDENTIALS',
      metadata: {},
    });
  });
});

describe('the key set', () => {
  const path = '/.well-known/jwks.json';

  test('is public, can be cached, and holds no private part', async () => {
    const response = await fetch(`${identity.url}${path}`);
    expect(response.headers.get('cache-control')).toBe('public, max-age=300');
    expect(response.headers.get('content-type')).toBe('application/json');
    const { keys } = (await response.json()) as { keys: Record<string, string>[] };
    expect(keys).toHaveLength(1);
    expect(Object.keys(keys[0]!).toSorted()).toEqual(['alg', 'crv', 'kid', 'kty', 'use', 'x']);
    expect(keys[0]).toMatchObject({ kty: 'OKP', crv: 'Ed25519', alg: 'EdDSA', use: 'sig' });
  });

  test('can only be read', async () => {
    expect((await fetch(`${identity.url}${path}`, { method: 'POST', body: '{}' })).status).toBe(405);
  });
});

test('replicas accept each other’s tokens', async () => {
  await using replica = await identity.start();
  const { tokens: session, user } = await identity.signUp();
  expect((await identity.users(session.accessToken, replica.url).getUser({})).user).toEqual(user);
});

test('it does not start with another key secret, and says why', async () => {
  const other = identity.start({ IRISVUE_KEY_SECRET: 'quite another secret of 32 characters' });
  await expect(other).rejects.toThrow('IRISVUE_KEY_SECRET is not the one that sealed it');
});

test('it tells its readiness without a token', async () => {
  const ready = await fetch(`${identity.url}/readyz`);
  expect(await ready.json()).toMatchObject({ dependencies: { database: 'up' } });
});
