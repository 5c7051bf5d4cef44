import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { Code, ConnectError, createClient } from '@connectrpc/connect';
import { createConnectTransport, createGrpcTransport } from '@connectrpc/connect-node';
import { ConsentPurpose, ConsentService } from '@irisvue/contracts/irisvue/consent/v1/consent_service';
import { IdentityService } from '@irisvue/contracts/irisvue/identity/v1/identity_service';
import { DownloadService, JobService } from '@irisvue/contracts/irisvue/jobs/v1/job_service';
import { createLogger, ErrorReason, errorDetail, loadSettings, type RunningServer, reasonOf } from '@irisvue/runtime';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createApp } from '../src/app.ts';
import { settings } from '../src/settings.ts';
import { type RedisProcess, startRedis } from './redis-process.ts';
import { PRESIGNED_ARCHIVE_URL, PRESIGNED_URL, SERVICE_SECRET, startUpstream, type Upstream } from './upstream.ts';

const STUDIO = 'https://studio.irisvue.example';

let upstream: Upstream;
let redis: RedisProcess;

beforeAll(async () => {
  [upstream, redis] = await Promise.all([startUpstream(), startRedis()]);
});
afterAll(async () => {
  await upstream[Symbol.asyncDispose]();
  await redis[Symbol.asyncDispose]();
});

function startGateway(env: Record<string, string> = {}): Promise<RunningServer> {
  const rooms = ['IDENTITY', 'CONSENT', 'JOBS', 'SEGMENTATION', 'ENHANCEMENT', 'FUSION'];
  const config = loadSettings(settings, {
    IRISVUE_PORT: '0',
    IRISVUE_REDIS_URL: redis.url,
    IRISVUE_SERVICE_SECRET: SERVICE_SECRET,
    IRISVUE_ALLOWED_ORIGINS: `${STUDIO}, http://localhost:5173`,
    ...Object.fromEntries(rooms.map((room) => [`IRISVUE_${room}_URL`, upstream.url])),
    ...env,
  });
  return createApp(config, { logger: createLogger({ service: 'gateway', level: 'silent' }) });
}

const withToken = (token: string) => ({ headers: { authorization: `Bearer ${token}` } });
const identityOf = (gateway: RunningServer) =>
  createClient(IdentityService, createConnectTransport({ baseUrl: gateway.url, httpVersion: '1.1' }));
const jobsOf = (gateway: RunningServer) => createClient(JobService, createGrpcTransport({ baseUrl: gateway.url }));

async function failure(call: Promise<unknown>): Promise<ConnectError> {
  const error = await call.then(
    () => new Error('the call succeeded'),
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(ConnectError);
  return error as ConnectError;
}

describe('the edge', () => {
  let gateway: RunningServer;
  beforeAll(async () => {
    gateway = await startGateway();
  });
  afterAll(() => gateway[Symbol.asyncDispose]());

  it('forwards a signed-in user’s calls and streams, who is seen upstream by the same token', async () => {
    const token = await upstream.userToken('user-7');
    expect((await identityOf(gateway).getUser({}, withToken(token))).user?.id).toBe('user-7');
    const revisions: bigint[] = [];
    for await (const { job } of jobsOf(gateway).watchJobs({}, withToken(token))) {
      revisions.push(job!.revision);
    }
    expect(revisions).toEqual([1n, 2n]);
  });

  it('lets anybody sign in', async () => {
    const { user } = await identityOf(gateway).createSession({ email: 'a@b.example', password: 'secret12' });
    expect(user?.id).toBe('signed-in');
  });

  it('asks for a token for everything else, the notice included', async () => {
    const consent = createClient(ConsentService, createGrpcTransport({ baseUrl: gateway.url }));
    const purpose = ConsentPurpose.DATA_PROCESSING;
    expect(reasonOf(await failure(consent.getNotice({ purpose })))).toBe(ErrorReason.TOKEN_INVALID);
    expect((await consent.getNotice({ purpose }, withToken(await upstream.userToken('user-8')))).notice?.id).toBe(
      'user-8',
    );
  });

  it('does not let a service token in', async () => {
    const token = await upstream.sign({ sub: 'service:jobs', aud: 'irisvue-internal' });
    const error = await failure(identityOf(gateway).getUser({}, withToken(token)));
    expect(reasonOf(error)).toBe(ErrorReason.TOKEN_INVALID);
  });

  it('does not serve what is internal', async () => {
    const downloads = createClient(DownloadService, createGrpcTransport({ baseUrl: gateway.url }));
    const error = await failure(downloads.resolveDownload({ token: 'abc' }, withToken(await upstream.userToken())));
    expect(error.code).toBe(Code.Unimplemented);
  });

  it('refuses a broken field itself', async () => {
    const error = await failure(jobsOf(gateway).getJob({ jobId: 'x' }, withToken(await upstream.userToken())));
    expect(errorDetail(error)).toMatchObject({ reason: ErrorReason.INVALID_FIELD, metadata: { field: 'job_id' } });
  });

  it('shows exactly the public services and health to a client without a schema', async () => {
    const { stdout } = await promisify(execFile)('buf', [
      'curl',
      '--http2-prior-knowledge',
      '--protocol',
      'grpc',
      '--list-services',
      gateway.url,
    ]);
    expect(stdout.trim().split('\n')).toEqual([
      'grpc.health.v1.Health',
      'irisvue.consent.v1.ConsentService',
      'irisvue.consent.v1.SubjectService',
      'irisvue.identity.v1.CircleService',
      'irisvue.identity.v1.IdentityService',
      'irisvue.jobs.v1.ArtworkService',
      'irisvue.jobs.v1.JobService',
      'irisvue.jobs.v1.PhotoService',
      'irisvue.privacy.v1.AuditService',
      'irisvue.privacy.v1.PrivacyService',
    ]);
  });

  it('opens itself to pages of the listed origins only', async () => {
    const preflight = (origin: string) =>
      fetch(`${gateway.url}/irisvue.jobs.v1.JobService/ListJobs`, {
        method: 'OPTIONS',
        headers: { origin, 'access-control-request-method': 'POST' },
      });
    expect((await preflight(STUDIO)).headers.get('access-control-allow-origin')).toBe(STUDIO);
    expect((await preflight('http://localhost:5173')).status).toBe(204);
    expect((await preflight('https://evil.example')).status).toBe(403);
  });
});

describe('download links', () => {
  let gateway: RunningServer;
  beforeAll(async () => {
    gateway = await startGateway();
  });
  afterAll(async () => {
    upstream.refuseLinks(undefined);
    await gateway[Symbol.asyncDispose]();
  });

  const get = (path: string, init: RequestInit = {}) => fetch(`${gateway.url}${path}`, { redirect: 'manual', ...init });

  it.each([
    ['/v1/downloads/', PRESIGNED_URL],
    ['/v1/exports/', PRESIGNED_ARCHIVE_URL],
  ])('in %s lead to the presigned URL and are kept by no cache', async (folder, url) => {
    const answer = await get(`${folder}abc.def-_~1`);
    expect(answer.status).toBe(302);
    expect(answer.headers.get('location')).toBe(url);
    expect(answer.headers.get('cache-control')).toBe('no-store');
  });

  it.each([
    [ErrorReason.NOT_FOUND, 404, 'NOT_FOUND'],
    [ErrorReason.LINK_INVALID, 410, 'LINK_INVALID'],
    [ErrorReason.CONSENT_REQUIRED, 403, 'CONSENT_REQUIRED'],
    [ErrorReason.DEPENDENCY_DOWN, 503, 'DEPENDENCY_DOWN'],
    [ErrorReason.NOT_ALLOWED, 500, 'INTERNAL'],
  ])('that are refused for reason %i answer %i', async (reason, status, name) => {
    upstream.refuseLinks(reason);
    const answer = await get('/v1/downloads/abc');
    expect(answer.status).toBe(status);
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(await answer.json()).toMatchObject({ error: { reason: name, message: expect.any(String) } });
  });

  it.each([
    ['no token', '/v1/downloads/'],
    ['no token of an export', '/v1/exports/'],
    ['another folder', '/v1/export/abc'],
    ['a path inside the token', '/v1/downloads/a/b'],
    ['a token with other letters', '/v1/downloads/%2e%2e'],
    ['a token that is too long', `/v1/downloads/${'a'.repeat(2001)}`],
  ])('with %s do not exist', async (_what, path) => {
    expect((await get(path)).status).toBe(404);
  });

  it('are read, not written', async () => {
    expect((await get('/v1/downloads/abc', { method: 'POST' })).status).toBe(404);
  });

  it('say 503 while jobs is down', async () => {
    await using cutOff = await startGateway({ IRISVUE_JOBS_URL: 'http://127.0.0.1:9' });
    const answer = await fetch(`${cutOff.url}/v1/downloads/abc`, { redirect: 'manual' });
    expect(answer.status).toBe(503);
    expect(answer.headers.get('retry-after')).toBe('1');
    expect(await answer.json()).toMatchObject({ error: { metadata: { dependency: 'jobs' } } });
  });
});

describe('/healthz', () => {
  it('says how each service is, and 503 when one does not serve', async () => {
    await using gateway = await startGateway();
    const all = ['identity', 'consent', 'jobs', 'segmentation', 'enhancement', 'fusion'];
    const ok = await fetch(`${gateway.url}/healthz`);
    expect(ok.status).toBe(200);
    expect(await ok.json()).toEqual({
      status: 'ok',
      version: expect.stringMatching(/^\d+\.\d+\.\d+$/),
      services: Object.fromEntries(all.map((name) => [name, 'serving'])),
    });

    upstream.setReady(false);
    const waiting = await fetch(`${gateway.url}/healthz`);
    upstream.setReady(true);
    expect(waiting.status).toBe(503);
    expect(await waiting.json()).toMatchObject({ status: 'degraded', services: { jobs: 'not_serving' } });

    await using cutOff = await startGateway({ IRISVUE_FUSION_URL: 'http://127.0.0.1:9' });
    const degraded = await fetch(`${cutOff.url}/healthz`);
    expect(degraded.status).toBe(503);
    expect(await degraded.json()).toMatchObject({ services: { jobs: 'serving', fusion: 'unreachable' } });
    // A peer that is down is no reason to take the gateway out of service.
    expect((await fetch(`${cutOff.url}/readyz`)).status).toBe(200);
  });
});

describe('the rate limit', () => {
  it('counts a user over all replicas, and each user alone', async () => {
    const limited = { IRISVUE_USER_CALLS_PER_MINUTE: '3' };
    await using one = await startGateway(limited);
    await using other = await startGateway(limited);
    const token = withToken(await upstream.userToken('busy-user'));
    await identityOf(one).getUser({}, token);
    await identityOf(other).getUser({}, token);
    await jobsOf(one).listJobs({}, token);
    const error = await failure(identityOf(other).getUser({}, token));
    expect(error.code).toBe(Code.ResourceExhausted);
    expect(reasonOf(error)).toBe(ErrorReason.RATE_LIMITED);
    const retryAfterMs = Number(errorDetail(error)!.metadata['retry_after_ms']);
    expect(retryAfterMs).toBeGreaterThan(0);
    expect(retryAfterMs).toBeLessThanOrEqual(60_000);
    await identityOf(one).getUser({}, withToken(await upstream.userToken('calm-user')));
  });

  it('counts who did not sign in by address: sign-in, bad tokens and links together', async () => {
    await using gateway = await startGateway({
      IRISVUE_ADDRESS_CALLS_PER_MINUTE: '3',
      IRISVUE_TRUSTED_PROXIES: '1',
    });
    const from = (address: string) => ({ 'x-forwarded-for': `6.6.6.6, ${address}` });
    const signIn = (address: string) =>
      identityOf(gateway).createSession({ email: 'a@b.example', password: 'x' }, { headers: from(address) });
    await signIn('203.0.113.1');
    const guess = identityOf(gateway).getUser({}, { headers: { ...from('203.0.113.1'), authorization: 'Bearer x' } });
    expect(reasonOf(await failure(guess))).toBe(ErrorReason.TOKEN_INVALID);
    const link = () => fetch(`${gateway.url}/v1/downloads/abc`, { redirect: 'manual', headers: from('203.0.113.1') });
    expect((await link()).status).toBe(302);

    expect(reasonOf(await failure(signIn('203.0.113.1')))).toBe(ErrorReason.RATE_LIMITED);
    const refused = await link();
    expect(refused.status).toBe(429);
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    await signIn('203.0.113.2');
  });

  it('counts in memory while Redis is down, on Redis when it is there, and never turns anybody away for it', async () => {
    await using own = await startRedis();
    await own.kill();
    await using gateway = await startGateway({ IRISVUE_REDIS_URL: own.url, IRISVUE_USER_CALLS_PER_MINUTE: '2' });
    const token = withToken(await upstream.userToken('patient-user'));
    const call = () => identityOf(gateway).getUser({}, token);
    await call();
    await call();
    expect(reasonOf(await failure(call()))).toBe(ErrorReason.RATE_LIMITED);

    await own.start();
    // A fresh Redis knows of no calls: as soon as the gateway counts there, the user may call again.
    await expect.poll(() => call().catch(() => undefined)).toBeDefined();

    await own.kill();
    const calm = withToken(await upstream.userToken('calm-user'));
    expect((await identityOf(gateway).getUser({}, calm)).user?.id).toBe('calm-user');
  });
});
