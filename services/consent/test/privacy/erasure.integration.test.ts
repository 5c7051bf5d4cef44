import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { DescService } from '@bufbuild/protobuf';
import { type Client, createClient } from '@connectrpc/connect';
import { createConnectTransport } from '@connectrpc/connect-node';
import { ConsentService, SubjectKind } from '@irisvue/contracts/irisvue/consent/v1/consent_service';
import { MailTemplate } from '@irisvue/contracts/irisvue/identity/v1/identity_service';
import { AuditAction } from '@irisvue/contracts/irisvue/privacy/v1/audit';
import { AuditService } from '@irisvue/contracts/irisvue/privacy/v1/audit_service';
import {
  ErasureState,
  PrivacyRequestKind,
  PrivacyService,
} from '@irisvue/contracts/irisvue/privacy/v1/privacy_service';
import { findText, newId } from '@irisvue/database';
import { connectEvents, countText, type EventBus } from '@irisvue/events';
import { createLogger, USER_AUDIENCE } from '@irisvue/runtime';
import { until } from '@irisvue/testing';
import { Redis } from 'ioredis';
import { compactVerify, createLocalJWKSet, decodeProtectedHeader } from 'jose';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { refusal } from '../refusal.ts';
import { type StartedConsent, startConsent, startIssuer } from '../started-consent.ts';
import { createDataHolder, sha256, startDataHolder } from './data-holder.ts';

const HOUR_MS = 3_600_000;
const MONTH_MS = 31 * 24 * HOUR_MS;

let holder: Awaited<ReturnType<typeof startDataHolder>>;
let consent: StartedConsent;
let bus: EventBus;
let redis: Redis;
beforeAll(async () => {
  holder = await startDataHolder();
  consent = await startConsent({ jobsUrl: holder.url, identityRoutes: createDataHolder().routes });
  bus = await connectEvents({
    url: inject('natsUrl'),
    name: 'test',
    logger: createLogger({ service: 'test', level: 'silent' }),
  });
  redis = new Redis(inject('redisUrl'));
});
afterAll(async () => {
  redis.disconnect();
  await bus[Symbol.asyncDispose]();
  await consent[Symbol.asyncDispose]();
  await holder[Symbol.asyncDispose]();
});

function client<S extends DescService>(service: S, token?: string): Client<S> {
  const authorise = (request: { header: Headers }) => {
    if (token !== undefined) request.header.set('Authorization', `Bearer ${token}`);
  };
  return createClient(
    service,
    createConnectTransport({
      baseUrl: consent.url,
      httpVersion: '1.1',
      interceptors: [
        (next) => (request) => {
          authorise(request);
          return next(request);
        },
      ],
    }),
  );
}
const privacyOf = async (userId: string) => client(PrivacyService, await consent.userToken(userId));
const operatorToken = () =>
  consent.sign({
    audience: USER_AUDIENCE,
    subject: newId(),
    claims: { sid: newId(), role: 'operator' },
    lifetimeMs: HOUR_MS,
  });
const open = () => client(PrivacyService);
const self = (id: string) => ({ id, kind: SubjectKind.SELF });

/** A person with consents, an address beside them, pictures elsewhere, and a key in the cache. */
async function person(o: { readonly objects?: readonly string[]; readonly jointWith?: readonly string[] } = {}) {
  const user = await consent.user({ 'X-Forwarded-For': '203.0.113.77' });
  await user.grant();
  holder.held.set(user.id, { objects: o.objects ?? ['photo', 'mask'], jointWith: o.jointWith ?? [] });
  await redis.set(`calls:user:${user.id}`, '1', 'EX', 600);
  return { ...user, privacy: await privacyOf(user.id) };
}
async function completed(erasureId: string, accessToken: string) {
  const states: ErasureState[] = [];
  for await (const { erasure } of open().watchErasure({ erasureId, accessToken })) states.push(erasure!.state);
  return states;
}

test('an erasure goes through its states to the end, and nothing that names the person is left', async () => {
  const user = await person();
  const { erasure, accessToken } = await user.privacy.createErasure({ requestId: newId() });
  const states = await completed(erasure!.id, accessToken);
  expect(states.at(-1)).toBe(ErasureState.COMPLETED);
  expect(states).toEqual(states.toSorted((a, b) => a - b));

  expect((await findText(consent.db, user.id)).findings).toEqual([]);
  expect(await countText(bus, [user.id])).toEqual([
    { stream: 'EVENTS', count: 0 },
    { stream: 'DEAD_LETTERS', count: 0 },
  ]);
  expect(await redis.keys(`*${user.id}*`)).toEqual([]);
  expect(holder.held.has(user.id)).toBe(false);
  const answer = await open().findErasedSubject({ subject: self(user.id), erasureId: erasure!.id, accessToken });
  expect(answer.scans.map((scan) => scan.place)).toEqual(['consent', 'jobs', 'identity', 'streams', 'cache']);
  expect(answer.scans.flatMap((scan) => scan.findings)).toEqual([]);
  expect(answer.scans[0]!.lookedAt).toContain('consent.principals');
});

test('CR-13 the evidence stays, by a principal that nobody can name any more', async () => {
  const user = await person();
  const { principal_id } = await consent.db
    .selectFrom('principals')
    .select('principal_id')
    .where('subject_id', '=', user.id)
    .where('subject_kind', '=', 'self')
    .executeTakeFirstOrThrow();
  const { erasure, accessToken } = await user.privacy.createErasure({ requestId: newId() });
  await completed(erasure!.id, accessToken);
  const events = await consent.db
    .selectFrom('consent_events')
    .select(['id', 'state'])
    .where('principal_id', '=', principal_id)
    .orderBy('seq')
    .execute();
  expect(events.map((event) => event.state)).toEqual(['granted', 'withdrawn']);
  const ids = events.map((event) => event.id);
  expect(
    await consent.db.selectFrom('event_addresses').select('event_id').where('event_id', 'in', ids).execute(),
  ).toEqual([]);
  expect((await findText(consent.db, principal_id)).findings.map((finding) => finding.table)).toEqual(
    expect.arrayContaining(['audit_log', 'consent_events', 'privacy_requests']),
  );
  const entries = await client(AuditService, await operatorToken()).listAuditEntries({ pageSize: 250 });
  const about = entries.entries.filter((entry) => entry.subjects.includes(principal_id));
  expect(about.map((entry) => entry.action)).toEqual(
    expect.arrayContaining([AuditAction.ERASURE_REQUESTED, AuditAction.ERASURE_COMPLETED]),
  );
});

test('the certificate lists every object by its hash and verifies with the public keys alone', async () => {
  const other = newId();
  const user = await person({ objects: ['one', 'two'], jointWith: [other] });
  const { erasure, accessToken } = await user.privacy.createErasure({ requestId: newId() });
  await completed(erasure!.id, accessToken);
  const { certificate } = await open().getErasureCertificate({ erasureId: erasure!.id, accessToken });
  const { jwks } = await client(ConsentService).listReceiptKeys({});
  const { payload } = await compactVerify(certificate, createLocalJWKSet(JSON.parse(jwks)));
  expect(decodeProtectedHeader(certificate)).toMatchObject({ alg: 'EdDSA', typ: 'irisvue-erasure-certificate+jws' });
  const text = Buffer.from(payload).toString();
  const said = JSON.parse(text) as Record<string, never>;
  const objects = said['objects'] as unknown as Array<{ sha256: string }>;
  // The holder stands for jobs and for nobody else.
  expect(new Set(objects.map((object) => object.sha256))).toEqual(new Set([sha256('one'), sha256('two')]));
  expect(said).toMatchObject({
    erasure_id: erasure!.id,
    joint_works: [{ outcome: 'deleted', told: 1 }],
    looked_at: expect.arrayContaining(['consent.consent_events', 'holder.objects', 'streams.EVENTS', 'cache.keys']),
  });
  expect(text).not.toContain(user.id);
  expect(text).not.toContain(other);
});

test('the others in joint works are told, once', async () => {
  const others = [newId(), newId()];
  const user = await person({ jointWith: others });
  const { erasure, accessToken } = await user.privacy.createErasure({ requestId: newId() });
  await completed(erasure!.id, accessToken);
  const told = consent.mails.filter((mail) => others.includes(mail.userId));
  expect(told.map((mail) => mail.userId).sort()).toEqual([...others].sort());
  expect(told.every((mail) => mail.template === MailTemplate.JOINT_ARTWORK_WITHDRAWN)).toBe(true);
});

test('asking again, with whatever request id, gives the same erasure, also after its end', async () => {
  const user = await person();
  const requestId = newId();
  const first = await user.privacy.createErasure({ requestId });
  const repeated = await user.privacy.createErasure({ requestId });
  const again = await user.privacy.createErasure({ requestId: newId() });
  await completed(first.erasure!.id, first.accessToken);
  const after = await user.privacy.createErasure({ requestId: newId() });
  for (const answer of [repeated, again, after]) {
    expect(answer.erasure!.id).toBe(first.erasure!.id);
    expect(answer.accessToken).toBe(first.accessToken);
  }
});

test('a tombstone stops late choices: during the erasure and after it', async () => {
  const user = await person();
  const { erasure, accessToken } = await user.privacy.createErasure({ requestId: newId() });
  await completed(erasure!.id, accessToken);
  expect((await refusal(user.grant())).reason).toBe('SUBJECT_ERASED');
  expect((await findText(consent.db, user.id)).findings).toEqual([]);
});

test('an erasure waits for a service that is down, says so, and goes on', async () => {
  const user = await person();
  holder.isDown(true);
  const { erasure, accessToken } = await user.privacy.createErasure({ requestId: newId() });
  const opened = { erasureId: erasure!.id, accessToken };
  await until(async () => (await open().getErasure(opened)).erasure!.waitingFor !== '', { what: 'that it waits' });
  expect((await open().getErasure(opened)).erasure).toMatchObject({ state: ErasureState.BLOCKING });
  expect(await refusal(open().getErasureCertificate(opened))).toMatchObject({
    reason: 'ERASURE_NOT_COMPLETED',
    metadata: { erasure_id: erasure!.id },
  });
  holder.isDown(false);
  expect((await completed(erasure!.id, accessToken)).at(-1)).toBe(ErasureState.COMPLETED);
  expect((await open().getErasure(opened)).erasure!.waitingFor).toBe('');
});

describe('nobody else', () => {
  test('opens an erasure: a wrong token and an unknown id give the same answer', async () => {
    const user = await person();
    const { erasure, accessToken } = await user.privacy.createErasure({ requestId: newId() });
    const wrong = { erasureId: erasure!.id, accessToken: 'x'.repeat(43) };
    const unknown = { erasureId: newId(), accessToken };
    for (const { erasureId, accessToken: token } of [wrong, unknown]) {
      const asked = { erasureId, accessToken: token };
      const calls = [
        () => open().getErasure(asked),
        () => Array.fromAsync(open().watchErasure(asked)),
        () => open().getErasureCertificate(asked),
        () => open().findErasedSubject({ ...asked, subject: self(user.id) }),
      ];
      for (const call of calls) {
        expect(await refusal(call())).toMatchObject({
          code: 'NotFound',
          metadata: { resource: 'erasure', id: erasureId },
        });
      }
    }
    await completed(erasure!.id, accessToken);
    const stranger = { erasureId: erasure!.id, accessToken, subject: self(newId()) };
    expect((await refusal(open().findErasedSubject(stranger))).reason).toBe('NOT_FOUND');
  });

  test('asks for the erasure of another person, or looks for one', async () => {
    const [user, other] = await Promise.all([person(), person()]);
    for (const call of [
      () => user.privacy.createErasure({ requestId: newId(), subject: self(other.id) }),
      () => user.privacy.findSubject({ subject: self(other.id) }),
      () => user.privacy.createErasure({ requestId: newId(), subject: { id: newId(), kind: SubjectKind.MINOR } }),
    ]) {
      expect((await refusal(call())).reason).toBe('NOT_ALLOWED');
    }
    expect(holder.held.has(other.id)).toBe(true);
    const found = await (await privacyOf(other.id)).findSubject({ subject: self(other.id) });
    expect(found.scans.find((scan) => scan.place === 'jobs')!.findings).toMatchObject([{ count: 2 }]);
  });

  test('asks without a token, with a forged one, or as a service', async () => {
    const stranger = await startIssuer(consent.clock);
    const forged = await stranger.sign({
      audience: USER_AUDIENCE,
      subject: newId(),
      claims: { sid: newId(), role: 'operator' },
      lifetimeMs: HOUR_MS,
    });
    const calls = (token?: string) => {
      const api = client(PrivacyService, token);
      return [
        () => api.createErasure({ requestId: newId() }),
        () => api.listPrivacyRequests({}),
        () => api.findSubject({ subject: self(newId()) }),
        () => api.extendPrivacyRequest({ requestId: newId(), privacyRequestId: newId() }),
      ];
    };
    for (const token of [undefined, 'garbage', forged]) {
      for (const call of calls(token)) expect((await refusal(call())).reason).toBe('TOKEN_INVALID');
    }
    for (const call of calls(await consent.serviceToken('jobs'))) {
      expect((await refusal(call())).reason).toBe('NOT_ALLOWED');
    }
    await stranger[Symbol.asyncDispose]();
  });
});

describe('CR-12 the request log', () => {
  test('has the clock of the person’s residence, and what happened', async () => {
    const user = await person();
    const { erasure, accessToken } = await user.privacy.createErasure({ requestId: newId() });
    await completed(erasure!.id, accessToken);
    const operator = client(PrivacyService, await operatorToken());
    const { requests } = await operator.listPrivacyRequests({ pageSize: 250 });
    const request = requests.find(({ id }) => id === erasure!.id)!;
    expect(request).toMatchObject({ kind: PrivacyRequestKind.ERASURE, overdue: false, extended: false });
    expect(request.events.map((event) => event.what)).toEqual(['received', 'confirmed', 'completed']);
    expect(request.dueTime!.seconds).toBeGreaterThan(request.createTime!.seconds);
  });

  test('is prolonged once, by an operator only, while it is open', async () => {
    const user = await person();
    holder.isDown(true);
    const { erasure, accessToken } = await user.privacy.createErasure({ requestId: newId() });
    const privacyRequestId = erasure!.id;
    const extend = { requestId: newId(), privacyRequestId };
    expect((await refusal(user.privacy.extendPrivacyRequest(extend))).reason).toBe('NOT_ALLOWED');
    const operator = client(PrivacyService, await operatorToken());
    const before = (await user.privacy.listPrivacyRequests({})).requests[0]!;
    const { request } = await operator.extendPrivacyRequest(extend);
    expect(request).toMatchObject({ extended: true });
    expect(request!.dueTime!.seconds).toBeGreaterThan(before.dueTime!.seconds);
    expect(await operator.extendPrivacyRequest(extend)).toMatchObject({ request: { dueTime: request!.dueTime } });
    const second = { requestId: newId(), privacyRequestId };
    expect((await refusal(operator.extendPrivacyRequest(second))).reason).toBe('TERM_NOT_EXTENDABLE');
    holder.isDown(false);
    await completed(erasure!.id, accessToken);
    expect((await refusal(operator.extendPrivacyRequest({ ...second, requestId: newId() }))).reason).toBe(
      'TERM_NOT_EXTENDABLE',
    );
  });

  test('is kept for 24 months after its end, and not longer', async () => {
    const { createPrivacyRequests } = await import('../../src/privacy/privacy-requests.ts');
    const user = await person();
    const { erasure, accessToken } = await user.privacy.createErasure({ requestId: newId() });
    await completed(erasure!.id, accessToken);
    const kept = async () => {
      const { rows } = await sql`SELECT id FROM privacy_requests WHERE id = ${erasure!.id}`.execute(consent.db);
      return rows.length === 1;
    };
    const end = consent.clock.now().getTime();
    const at = (ms: number) =>
      createPrivacyRequests({ db: consent.db as never, clock: { now: () => new Date(end + ms) } }).forgetOld();
    await at(23 * MONTH_MS - 3 * 24 * HOUR_MS);
    expect(await kept()).toBe(true);
    await at(24 * MONTH_MS + 24 * HOUR_MS);
    expect(await kept()).toBe(false);
  });
});

test('CR-10 recipients that a consent named are told, and the outcome of each is kept', async () => {
  const posts: Array<{ path: string; body: string }> = [];
  const hooks = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => {
      body += String(chunk);
    });
    request.on('end', () => {
      posts.push({ path: request.url ?? '', body });
      response.writeHead(request.url === '/refuses' ? 410 : 204).end();
    });
  });
  await new Promise<void>((resolve) => hooks.listen(0, '127.0.0.1', resolve));
  const base = `http://127.0.0.1:${(hooks.address() as AddressInfo).port}`;
  const { tellRecipients } = await import('../../src/privacy/tell-others.ts');
  const user = await person();
  const { erasure, accessToken } = await user.privacy.createErasure({ requestId: newId() });
  await completed(erasure!.id, accessToken);
  const principal = newId();
  await sql`
    INSERT INTO consent_events (id, principal_id, subject_kind, given_by, purpose, jurisdiction, state, recipients, created_at)
    VALUES (${newId()}, ${principal}, 'self', ${principal}, 'marketing', 'gdpr', 'withdrawn',
      ${['whatsapp', 'printer', 'nobody']}, now())`.execute(consent.db);
  const telling = {
    db: consent.db as never,
    identity: { sendMail: () => Promise.reject(new Error('no mail is sent')) } as never,
    evidence: { sign: async (_type: string, payload: object) => JSON.stringify(payload) } as never,
    hooks: new Map([
      ['whatsapp', `${base}/takes`],
      ['printer', `${base}/refuses`],
    ]),
    clock: consent.clock,
  };
  for (let repeat = 0; repeat < 2; repeat += 1) {
    await tellRecipients(telling, erasure!.id, [principal], AbortSignal.timeout(10_000));
  }
  const { rows } = await sql<{ recipient: string; outcome: string }>`
    SELECT recipient, outcome FROM erasure_recipients WHERE erasure_id = ${erasure!.id} ORDER BY recipient`.execute(
    consent.db,
  );
  expect(rows).toEqual([
    { recipient: 'nobody', outcome: 'no way to tell' },
    { recipient: 'printer', outcome: 'refused: 410' },
    { recipient: 'whatsapp', outcome: 'told' },
  ]);
  expect(posts.map((post) => post.path).sort()).toEqual(['/refuses', '/takes']);
  expect(posts[0]!.body).toContain(principal);
  await new Promise((resolve) => hooks.close(resolve));
});
