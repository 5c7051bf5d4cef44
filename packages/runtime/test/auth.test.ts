import { Code, ConnectError } from '@connectrpc/connect';
import { Health } from '@irisvue/contracts/grpc/health/v1/health';
import { IdentityService } from '@irisvue/contracts/irisvue/identity/v1/identity_service';
import { JobService } from '@irisvue/contracts/irisvue/jobs/v1/job_service';
import { SignJWT } from 'jose';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  authInterceptor,
  capabilityVerifier,
  createServiceClient,
  ErrorReason,
  errorDetail,
  type RunningServer,
  reasonOf,
  remoteKeys,
  requireOperator,
  requireService,
  requireUser,
} from '../src/index.ts';
import { type Issuer, startIssuer } from './issuer.ts';
import { started } from './started.ts';

const NOON = new Date('2026-11-21T12:00:00Z');
const minutes = (count: number): Date => new Date(NOON.getTime() + count * 60_000);
const JOB = '0190a0a0-0000-7000-8000-000000000000';
const USER = { sub: 'user-1', sid: 'session-1', aud: 'irisvue' };
const SERVICE = { sub: 'service:jobs', aud: 'irisvue-internal' };

let now = NOON;
const clock = { now: () => now };
let identity: Issuer;
const ended = new Set<string>();

beforeAll(async () => {
  identity = await startIssuer('irisvue-identity');
});
afterAll(() => identity[Symbol.asyncDispose]());
beforeEach(() => {
  now = NOON;
});

async function failure(call: Promise<unknown>): Promise<ConnectError> {
  const error = await call.then(
    () => new Error('the call succeeded'),
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(ConnectError);
  return error as ConnectError;
}

describe('authInterceptor', () => {
  let server: RunningServer;
  beforeAll(async () => {
    server = await started(
      (router) => {
        router.service(IdentityService, {
          createSession: () => ({ user: { id: 'open' } }),
          getUser: (_request, context) => ({ user: { id: requireUser(context).userId } }),
        });
        router.service(JobService, {
          getJob: (_request, context) => ({ job: { id: requireService(context, 'jobs', 'fusion').service } }),
          cancelJob: (_request, context) => ({ job: { id: requireOperator(context).userId } }),
        });
      },
      {
        interceptors: [
          authInterceptor({
            identityUrl: identity.url,
            clock,
            open: [IdentityService.method.createSession],
            isEnded: async (sessionId) => ended.has(sessionId),
          }),
        ],
      },
    );
  });
  afterAll(() => server[Symbol.asyncDispose]());

  const users = (token?: string) =>
    createServiceClient(IdentityService, {
      url: server.url,
      token: token === undefined ? undefined : async () => token,
    });
  const jobs = (token: string) => createServiceClient(JobService, { url: server.url, token: async () => token });
  const good = () => identity.sign(USER, { expiresAt: minutes(30) });

  it('lets a user through with a valid token', async () => {
    const { user } = await users(await good()).getUser({});
    expect(user?.id).toBe('user-1');
  });

  it('refuses a token whose session ended before it, and no other', async () => {
    ended.add('session-2');
    const token = await identity.sign({ ...USER, sid: 'session-2' }, { expiresAt: minutes(30) });
    expect(reasonOf(await failure(users(token).getUser({})))).toBe(ErrorReason.TOKEN_INVALID);
    expect((await users(await good()).getUser({})).user?.id).toBe('user-1');
  });

  it('lets anybody ask open methods and health', async () => {
    const { user } = await users().createSession({ email: 'a@b.example', password: 'x' });
    expect(user?.id).toBe('open');
    expect((await createServiceClient(Health, { url: server.url }).check({})).status).toBe(1);
  });

  it('lets an operator do what only operators may', async () => {
    const token = await identity.sign({ ...USER, role: 'operator' }, { expiresAt: minutes(30) });
    expect((await jobs(token).cancelJob({ requestId: JOB, jobId: JOB })).job?.id).toBe('user-1');
  });

  it.each([
    ['a user', () => good()],
    [
      'a user with a role that is not known',
      () => identity.sign({ ...USER, role: 'owner' }, { expiresAt: minutes(30) }),
    ],
    [
      'a service that claims the role',
      () => identity.sign({ ...SERVICE, role: 'operator' }, { expiresAt: minutes(30) }),
    ],
  ])('refuses what only operators may to %s', async (_who, token) => {
    const error = await failure(jobs(await token()).cancelJob({ requestId: JOB, jobId: JOB }));
    expect(reasonOf(error)).toBe(ErrorReason.NOT_ALLOWED);
  });

  it.each<[string, () => Promise<string | undefined>]>([
    ['no token', async () => undefined],
    ['garbage', async () => 'abc'],
    ['an expired token', () => identity.sign(USER, { expiresAt: minutes(-1) })],
    ['a token of another issuer', () => identity.sign(USER, { expiresAt: minutes(30), issuer: 'irisvue-consent' })],
    ['a token for another audience', () => identity.sign({ ...USER, aud: 'irisvue-step' }, { expiresAt: minutes(30) })],
    [
      'a token for two audiences',
      () => identity.sign({ ...USER, aud: ['irisvue', 'irisvue-internal'] }, { expiresAt: minutes(30) }),
    ],
    [
      'a user who claims the internal audience',
      () => identity.sign({ ...USER, aud: 'irisvue-internal' }, { expiresAt: minutes(30) }),
    ],
    [
      'a service that claims to be a user',
      () => identity.sign({ ...SERVICE, sid: 's', aud: 'irisvue' }, { expiresAt: minutes(30) }),
    ],
    ['a token without a session', () => identity.sign({ sub: 'user-1', aud: 'irisvue' }, { expiresAt: minutes(30) })],
    ['a token whose payload was changed', async () => tampered(await good())],
    ['a token signed with a key of somebody else', forgedWithOtherKey],
    ['a token signed with HMAC', forgedWithHmac],
    ['a token that says it needs no signature', unsigned],
  ])('refuses %s', async (_what, token) => {
    const error = await failure(users(await token()).getUser({}));
    expect(error.code).toBe(Code.Unauthenticated);
    expect(reasonOf(error)).toBe(ErrorReason.TOKEN_INVALID);
  });

  it('refuses a token from the second that it ends', async () => {
    const token = await identity.sign(USER, { expiresAt: minutes(30) });
    now = new Date(minutes(30).getTime() - 1_000);
    await users(token).getUser({});
    now = minutes(30);
    expect(reasonOf(await failure(users(token).getUser({})))).toBe(ErrorReason.TOKEN_INVALID);
  });

  it('keeps users out of internal methods, services out of the users’, and other services out of either', async () => {
    const service = await identity.sign(SERVICE, { expiresAt: minutes(30) });
    const stranger = await identity.sign({ ...SERVICE, sub: 'service:gateway' }, { expiresAt: minutes(30) });
    expect((await jobs(service).getJob({ jobId: JOB })).job?.id).toBe('jobs');
    for (const call of [
      async () => jobs(await good()).getJob({ jobId: JOB }),
      () => jobs(stranger).getJob({ jobId: JOB }),
      () => users(service).getUser({}),
    ]) {
      const error = await failure(call());
      expect(error.code).toBe(Code.PermissionDenied);
      expect(reasonOf(error)).toBe(ErrorReason.NOT_ALLOWED);
    }
  });

  it('checks the token before it looks at the message', async () => {
    const error = await failure(jobs('abc').getJob({ jobId: 'not-a-uuid' }));
    expect(error.code).toBe(Code.Unauthenticated);
  });

  async function tampered(token: string): Promise<string> {
    const [head, payload, signature] = token.split('.');
    const claims = JSON.parse(Buffer.from(payload!, 'base64url').toString());
    const changed = Buffer.from(JSON.stringify({ ...claims, sub: 'user-2' })).toString('base64url');
    return [head, changed, signature].join('.');
  }

  async function forgedWithOtherKey(): Promise<string> {
    await using stranger = await startIssuer('irisvue-identity');
    return stranger.sign(USER, { expiresAt: minutes(30) });
  }

  function forgedWithHmac(): Promise<string> {
    return new SignJWT(USER)
      .setProtectedHeader({ alg: 'HS256', kid: 'key-0' })
      .setIssuer('irisvue-identity')
      .setExpirationTime(minutes(30))
      .sign(new TextEncoder().encode('0'.repeat(32)));
  }

  async function unsigned(): Promise<string> {
    const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
    const claims = { ...USER, iss: 'irisvue-identity', exp: minutes(30).getTime() / 1000 };
    return `${encode({ alg: 'none' })}.${encode(claims)}.`;
  }
});

describe('the keys of identity', () => {
  it('are fetched once, and again when a token names a key that is not known', async () => {
    await using issuer = await startIssuer('irisvue-identity');
    const keys = remoteKeys(issuer.url, { cooldownMs: 0 });
    await using server = await started((router) => router.service(IdentityService, { getUser: () => ({}) }), {
      interceptors: [authInterceptor({ keys, clock })],
    });
    const token = () => issuer.sign(USER, { expiresAt: minutes(30) });
    const users = createServiceClient(IdentityService, { url: server.url, token });
    await users.getUser({});
    await users.getUser({});
    expect(issuer.fetches()).toBe(1);
    const old = await token();
    await issuer.rotate();
    await users.getUser({});
    expect(issuer.fetches()).toBe(2);
    const withOld = createServiceClient(IdentityService, { url: server.url, token: async () => old });
    expect(reasonOf(await failure(withOld.getUser({})))).toBe(ErrorReason.TOKEN_INVALID);
  });

  it('are not fetched again for each unknown key while cooling down', async () => {
    await using issuer = await startIssuer('irisvue-identity');
    await using other = await startIssuer('irisvue-identity');
    await other.rotate();
    await using server = await started((router) => router.service(IdentityService, { getUser: () => ({}) }), {
      interceptors: [authInterceptor({ identityUrl: issuer.url, clock })],
    });
    const forged = await other.sign(USER, { expiresAt: minutes(30) });
    const users = createServiceClient(IdentityService, { url: server.url, token: async () => forged });
    for (let attempt = 0; attempt < 5; attempt++) {
      expect(reasonOf(await failure(users.getUser({})))).toBe(ErrorReason.TOKEN_INVALID);
    }
    expect(issuer.fetches()).toBe(1);
  });

  it('cannot be had: the call is refused as UNAVAILABLE, not as a bad token', async () => {
    const gone = await startIssuer('irisvue-identity');
    const token = await gone.sign(USER, { expiresAt: minutes(30) });
    await gone[Symbol.asyncDispose]();
    await using server = await started((router) => router.service(IdentityService, { getUser: () => ({}) }), {
      interceptors: [authInterceptor({ identityUrl: gone.url, clock })],
    });
    const users = createServiceClient(IdentityService, { url: server.url, token: async () => token });
    const error = await failure(users.getUser({}));
    expect(error.code).toBe(Code.Unavailable);
    expect(errorDetail(error)).toMatchObject({ metadata: { dependency: 'identity' } });
  });
});

describe('capabilityVerifier', () => {
  const STEP = {
    aud: 'irisvue-step',
    subjects: [{ id: 'user-1', kind: 'self' }],
    purpose: 'data_processing',
    job: JOB,
    step: 'segmenting',
    attempt: 2,
  };
  const expected = { jobId: JOB, step: 'segmenting', attempt: 2 };
  const context = (token?: string) => ({
    requestHeader: new Headers(token === undefined ? {} : { 'irisvue-capability': token }),
  });
  let consent: Issuer;
  let verify: ReturnType<typeof capabilityVerifier>;
  beforeAll(async () => {
    consent = await startIssuer('irisvue-consent');
    verify = capabilityVerifier({ consentUrl: consent.url, clock });
  });
  afterAll(() => consent[Symbol.asyncDispose]());

  it('gives the claims of a token for exactly this step', async () => {
    const token = await consent.sign(STEP, { expiresAt: minutes(1) });
    expect(await verify(context(token), expected)).toEqual(
      expect.objectContaining({ subjects: STEP.subjects, attempt: 2 }),
    );
  });

  it.each<[string, string, () => Promise<string | undefined>]>([
    ['no token', 'missing', async () => undefined],
    ['an expired token', 'expired', () => consent.sign(STEP, { expiresAt: minutes(-1) })],
    ['a token of another job', 'job', () => consent.sign({ ...STEP, job: 'other' }, { expiresAt: minutes(1) })],
    ['a token of another step', 'step', () => consent.sign({ ...STEP, step: 'enhancing' }, { expiresAt: minutes(1) })],
    [
      'a token of an earlier attempt',
      'attempt',
      () => consent.sign({ ...STEP, attempt: 1 }, { expiresAt: minutes(1) }),
    ],
    ['a token without subjects', 'invalid', () => consent.sign({ ...STEP, subjects: [] }, { expiresAt: minutes(1) })],
    [
      'a token for another audience',
      'invalid',
      () => consent.sign({ ...STEP, aud: 'irisvue' }, { expiresAt: minutes(1) }),
    ],
    [
      'a token signed by identity',
      'invalid',
      () => identity.sign(STEP, { expiresAt: minutes(1), issuer: 'irisvue-consent' }),
    ],
  ])('refuses %s', async (_what, problem, token) => {
    await expect(verify(context(await token()), expected)).rejects.toMatchObject({
      reason: ErrorReason.CAPABILITY_INVALID,
      metadata: { problem },
    });
  });
});
