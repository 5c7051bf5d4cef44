import { readdir, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { MailTemplate } from '@irisvue/contracts/irisvue/identity/v1/identity_service';
import { newId } from '@irisvue/database';
import { temporaryFolder, until } from '@irisvue/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startInbox } from './inbox.ts';
import { refusal } from './refusal.ts';
import { type StartedIdentity, startIdentity } from './started-identity.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

let identity: StartedIdentity;
beforeAll(async () => {
  identity = await startIdentity();
});
afterAll(() => identity[Symbol.asyncDispose]());

const waiting = (userId: string) => identity.db.selectFrom('mails').selectAll().where('user_id', '=', userId).execute();

describe('a mail', () => {
  test('is plain text and the same as HTML, without anything that is fetched, and says that a machine wrote it', async () => {
    const { email } = await identity.signUp();
    const { raw } = await identity.inbox.take(email, /Verify/);
    expect(raw).toMatch(/^From: IrisVue <no-reply@irisvue\.example>\r?$/m);
    expect(raw).toMatch(/^Auto-Submitted: auto-generated\r?$/m);
    expect(raw).toMatch(/^Message-ID: <[0-9a-f-]{36}@irisvue\.example>\r?$/m);
    expect(raw).toMatch(/Content-Type: multipart\/alternative/);
    expect(raw).toMatch(/Content-Type: text\/html/);
    expect(raw).not.toMatch(/<img|<link|<script|src=/i);
  });

  test('survives a mail server that is dead, and one that comes back late', async () => {
    await identity.inbox.kill();
    const people = [await identity.signUp(), await identity.signUp(), await identity.signUp()];
    for (const { user } of people) {
      await until(async () => (await waiting(user.id))[0]?.attempts === 1, { what: 'that sending was tried' });
    }
    expect(identity.log.join('')).toContain('could not be sent, it waits');
    await identity.inbox.startAgain();
    identity.pass(MINUTE_MS);
    for (const { email } of people) await identity.inbox.take(email, /Verify/);
    await identity.untilMailed();
    expect(identity.inbox.mails.filter(({ to }) => people.some(({ email }) => email === to))).toHaveLength(3);
  });

  test('is sent by whoever is left when its worker died over it', async () => {
    await identity.inbox.kill();
    const { email, user } = await identity.signUp();
    await until(async () => (await waiting(user.id))[0]?.attempts === 1);
    // What a worker that was killed in the middle leaves behind: a row that is leased for two minutes.
    const lease = new Date(identity.now().getTime() + 2 * MINUTE_MS);
    await identity.db.updateTable('mails').set({ send_after: lease }).where('user_id', '=', user.id).execute();
    await identity.inbox.startAgain();
    identity.pass(2 * MINUTE_MS);
    await identity.inbox.take(email, /Verify/);
  });

  test('that the mail server refuses for good is given up at once, and holds up no other', async () => {
    const refused = `${newId()}@example.org`;
    identity.inbox.refused.add(refused);
    const [{ user }, { email }] = [await identity.signUp(refused), await identity.signUp()];
    await identity.inbox.take(email, /Verify/);
    await until(async () => (await waiting(user.id)).length === 0);
    expect(identity.log.join('')).toContain('a mail was given up');
    expect(identity.log.join('')).not.toContain(refused);
  });

  test('that no server takes is given up after three days', async () => {
    await identity.inbox.kill();
    const { user } = await identity.signUp();
    await until(async () => (await waiting(user.id))[0]?.attempts === 1);
    identity.pass(3 * DAY_MS + 1);
    await until(async () => (await waiting(user.id)).length === 0);
    await identity.inbox.startAgain();
  });

  test('is sent once by two replicas', async () => {
    await using _ = await identity.start();
    const people = await Promise.all(Array.from({ length: 12 }, () => identity.signUp()));
    for (const { email } of people) await identity.inbox.take(email, /Verify/);
    await identity.untilMailed();
    for (const { email } of people) {
      expect(identity.inbox.mails.filter(({ to }) => to === email)).toHaveLength(1);
    }
  });
});

test('a mail server that refuses our password is the operator’s to mend: mails wait, and no log says the password', async () => {
  const login = { user: 'irisvue', password: 'changed just now' };
  await using guarded = await startInbox(login);
  const url = new URL(guarded.url);
  Object.assign(url, { username: login.user, password: 'secret-of-mail' });
  await using own = await startIdentity({ IRISVUE_SMTP_URL: url.href });
  const { email } = await own.signUp();
  await until(async () => (await own.db.selectFrom('mails').select('attempts').execute())[0]?.attempts === 1);
  await until(() => own.log.join('').includes('EAUTH'));
  expect(own.log.join('')).not.toContain('secret-of-mail');
  login.password = 'secret-of-mail';
  own.pass(MINUTE_MS);
  await guarded.take(email, /Verify/);
});

test('without a mail server mails are files that only their owner may read', async () => {
  await using folder = await temporaryFolder('mail');
  const dir = path.join(folder.path, 'mail');
  await using own = await startIdentity({ IRISVUE_SMTP_URL: '', IRISVUE_MAIL_DIR: dir });
  const { email } = await own.signUp();
  const [name] = await until(async () => {
    const names = await readdir(dir).catch(() => []);
    return names.length > 0 && !names[0]!.startsWith('.') ? names : undefined;
  });
  expect(name).toMatch(/^[0-9a-f-]{36}-verify-your-e-mail-for-irisvue\.eml$/);
  const text = await readFile(path.join(dir, name!), 'utf8');
  expect(text).toContain(`To: ${email}`);
  expect(text).toContain('Subject: Verify your e-mail');
  expect((await stat(path.join(dir, name!))).mode & 0o777).toBe(0o600);
});

describe('a mail that another service asks for', () => {
  test('reaches the user, once per request', async () => {
    const { user, email } = await identity.signUp();
    const services = identity.services(await identity.serviceToken('consent'));
    const request = {
      requestId: newId(),
      userId: user.id,
      template: MailTemplate.ERASURE_COMPLETED,
      parameters: { certificate: 'certificate-17' },
    };
    const { mailId } = await services.sendMail(request);
    const mail = await identity.inbox.take(email, /erased/);
    expect(mail.text).toContain('its number is certificate-17');
    expect(mail.raw).toContain(mailId);
    expect((await services.sendMail(request)).mailId).toBe(mailId);
    await identity.untilMailed();
    expect(identity.inbox.mails.filter(({ to, subject }) => to === email && /erased/.test(subject))).toHaveLength(1);
  });

  test('is refused for other parameters than the template names, and for nobody', async () => {
    const { user } = await identity.signUp();
    const services = identity.services(await identity.serviceToken('consent'));
    const request = { requestId: newId(), userId: user.id, template: MailTemplate.EXPORT_READY };
    expect(await refusal(services.sendMail({ ...request, parameters: { name: 'x' } }))).toMatchObject({
      reason: 'INVALID_FIELD',
      metadata: { field: 'parameters' },
    });
    const userId = newId();
    expect(await refusal(services.sendMail({ ...request, userId }))).toEqual({
      code: 'NotFound',
      reason: 'NOT_FOUND',
      metadata: { resource: 'user', id: userId },
    });
  });
});

test('what services may know of an account is its state and a masked address', async () => {
  const services = identity.services(await identity.serviceToken('consent'));
  const { user } = await identity.signUp('linda@example.org');
  const { active, verified, maskedEmail } = await services.getUserState({ userId: user.id });
  expect({ active, verified, maskedEmail }).toEqual({ active: true, verified: false, maskedEmail: 'l•••@example.org' });
  expect((await refusal(services.getUserState({ userId: newId() }))).reason).toBe('NOT_FOUND');
});
