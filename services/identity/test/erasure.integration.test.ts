import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { SubjectKind } from '@irisvue/contracts/irisvue/consent/v1/consent_service';
import { CircleService } from '@irisvue/contracts/irisvue/identity/v1/circle_service';
import { SubjectDataService } from '@irisvue/contracts/irisvue/privacy/v1/subject_data_service';
import { newId } from '@irisvue/database';
import { createServiceClient } from '@irisvue/runtime';
import { until } from '@irisvue/testing';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { deleteMailsWith } from '../src/erasure/mail-folder.ts';
import { refusal } from './refusal.ts';
import { PASSWORD, type StartedIdentity, startIdentity } from './started-identity.ts';

let identity: StartedIdentity;
beforeAll(async () => {
  identity = await startIdentity({ IRISVUE_NATS_URL: inject('natsUrl') });
});
afterAll(() => identity[Symbol.asyncDispose]());

const dataOf = async (service: string) => {
  const token = await identity.serviceToken(service);
  return createServiceClient(SubjectDataService, { url: identity.url, token: async () => token });
};
const circlesOf = (token: string) =>
  createServiceClient(CircleService, { url: identity.url, token: async () => token });
const self = (id: string) => ({ id, kind: SubjectKind.SELF });

test('a blocked account is closed: no sign-in, no session, no renewal', async () => {
  const { user, email, tokens } = await identity.signUp();
  const request = { subject: self(user.id), erasureId: newId() };
  const data = await dataOf('consent');
  await data.blockSubject(request);
  await data.blockSubject(request);
  const users = identity.users();
  expect((await refusal(users.createSession({ email, password: PASSWORD }))).reason).toBe('BAD_CREDENTIALS');
  expect((await refusal(users.refreshSession({ refreshToken: tokens.refreshToken }))).reason).toBe('TOKEN_INVALID');
  expect((await refusal(identity.users(tokens.accessToken).getUser({}))).reason).toBe('TOKEN_INVALID');
});

test('an account is erased whole, and only it', async () => {
  const [erased, other] = await Promise.all([identity.signUp(), identity.signUp()]);
  const request = { subject: self(erased.user.id), erasureId: newId() };
  const data = await dataOf('consent');
  expect((await data.scanSubject(request)).findings).toContainEqual(
    expect.objectContaining({ place: 'identity.users', count: 1 }),
  );
  await data.blockSubject(request);
  const first = await Array.fromAsync(data.eraseSubject(request));
  expect(first.at(-1)).toMatchObject({ progress: 100 });
  expect(first.reduce((sum, { rows }) => sum + rows, 0)).toBeGreaterThanOrEqual(2);
  expect(await Array.fromAsync(data.eraseSubject(request))).toMatchObject([{ rows: 0, progress: 100 }]);

  // Events about the account leave the outbox by themselves.
  await until(async () => (await data.scanSubject(request)).findings.length === 0, { what: 'that nothing is left' });
  const { lookedAt } = await data.scanSubject(request);
  expect(lookedAt).toEqual(expect.arrayContaining(['identity.users', 'identity.requests', 'identity.mails']));
  expect((await data.scanSubject({ subject: self(other.user.id) })).findings).not.toEqual([]);
  await identity.users().createSession({ email: other.email, password: PASSWORD });
});

test('the e-mail of an erased account can sign up again, as somebody new', async () => {
  const { user, email } = await identity.signUp();
  const request = { subject: self(user.id), erasureId: newId() };
  const data = await dataOf('consent');
  await data.blockSubject(request);
  await Array.fromAsync(data.eraseSubject(request));
  const again = await identity.signUp(email);
  expect(again.user.id).not.toBe(user.id);
});

test('circles go to the member who joined first; those without one are gone', async () => {
  const [owner, first, second] = await Promise.all([1, 2, 3].map(() => identity.signUpVerified()));
  const circles = circlesOf(owner!.tokens.accessToken);
  const { circle: shared } = await circles.createCircle({ requestId: newId(), name: 'Shared' });
  const { circle: lonely } = await circles.createCircle({ requestId: newId(), name: 'Lonely' });
  const { token } = await circles.createInvitation({ requestId: newId(), circleId: shared!.id, uses: 2 });
  for (const { tokens } of [first!, second!]) {
    await circlesOf(tokens.accessToken).acceptInvitation({ requestId: newId(), token });
  }
  const request = { subject: self(owner!.user.id), erasureId: newId() };
  const data = await dataOf('consent');
  await data.blockSubject(request);
  await Array.fromAsync(data.eraseSubject(request));
  const heir = circlesOf(first!.tokens.accessToken);
  expect((await heir.getCircle({ circleId: shared!.id })).circle).toMatchObject({
    ownerId: first!.user.id,
    memberCount: 2,
  });
  const left = identity.db.$extendTables<{ circles: { id: string } }>();
  expect(await left.selectFrom('circles').select('id').where('id', '=', lonely!.id).execute()).toEqual([]);
});

test('an account that is not blocked is not erased', async () => {
  const { user } = await identity.signUp();
  const request = { subject: self(user.id), erasureId: newId() };
  const data = await dataOf('consent');
  expect((await refusal(Array.fromAsync(data.eraseSubject(request)))).reason).toBe('SUBJECT_NOT_BLOCKED');
});

test.each(['jobs', 'gateway', 'identity'])('nothing of it may be asked by %s', async (service) => {
  const request = { subject: self(newId()), erasureId: newId() };
  const data = await dataOf(service);
  for (const call of [
    () => data.blockSubject(request),
    () => data.scanSubject(request),
    () => Array.fromAsync(data.eraseSubject(request)),
    () => Array.fromAsync(data.exportSubject(request)),
  ]) {
    expect((await refusal(call())).reason).toBe('NOT_ALLOWED');
  }
});

test('an export holds the account and no secret', async () => {
  const { user, email } = await identity.signUp();
  const items = await Array.fromAsync((await dataOf('consent')).exportSubject({ subject: self(user.id) }));
  expect(items.map((item) => item.path).sort()).toEqual([
    'account/account.json',
    'account/circles.json',
    'account/providers.json',
    'account/sessions.json',
  ]);
  const text = items.map((item) => item.content.value).join();
  expect(text).toContain(email);
  expect(text).not.toMatch(/password|argon2|sha256/);
});

const USER = '01a1ffde-bc63-724b-831d-788c1339951e';

test('mails in the folder that go to the address, or are about the account, are deleted, others stay', async () => {
  const folder = path.join(await mkdtemp(path.join(tmpdir(), 'irisvue-')), 'mail');
  expect(await deleteMailsWith(folder, ['a@example.org'])).toBe(0);
  await mkdir(folder);
  await writeFile(path.join(folder, '1.eml'), 'To: A@example.org\n\nHello');
  await writeFile(path.join(folder, '2.eml'), 'To: b@example.org\n\nHello');
  await writeFile(path.join(folder, '3.eml'), `To: former@example.org\nX-IrisVue-Account: ${USER}\n\nHello`);
  expect(await deleteMailsWith(folder, ['a@example.org', USER])).toBe(2);
  expect(await readdir(folder)).toEqual(['2.eml']);
  await rm(path.dirname(folder), { recursive: true });
});
