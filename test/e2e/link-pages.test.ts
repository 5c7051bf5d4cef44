import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createClient } from '@connectrpc/connect';
import { plainTransport } from '@irisvue/cli/account';
import { mailedLink, tokenOf } from '@irisvue/cli/account/mailed-link';
import { SubjectService } from '@irisvue/contracts/irisvue/consent/v1/subject_service';
import { CircleService } from '@irisvue/contracts/irisvue/identity/v1/circle_service';
import { IdentityService } from '@irisvue/contracts/irisvue/identity/v1/identity_service';
import { logPath } from '@irisvue/embedded';
import { ErrorReason, reasonOf } from '@irisvue/runtime';
import { startTestMesh, type TestMesh } from '@irisvue/testing';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { v7 as uuidv7 } from 'uuid';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const chromiumPath = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(existsSync);
const PASSWORD = 'a password of the pages';

let mesh: TestMesh;
let browser: Browser;
let began: Date;

/** What a browser asked for on all pages, and what its pages complained of. */
const seen = { urls: [] as string[], problems: [] as string[] };

describe.skipIf(!chromiumPath)('the pages that mailed links open, in a browser', () => {
  beforeAll(async () => {
    began = new Date();
    mesh = await startTestMesh();
    browser = await chromium.launch({
      executablePath: chromiumPath!,
      args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking'],
    });
  });
  afterAll(async () => {
    await browser?.close();
    await mesh?.[Symbol.asyncDispose]();
  });

  const identity = () => createClient(IdentityService, plainTransport(mesh.gatewayUrl));
  const as = (accessToken: string) => ({ headers: { authorization: `Bearer ${accessToken}` } });
  const linkTo = async (email: string, page: 'verify' | 'reset-password' | 'change-email') =>
    (await mailedLink(mesh.home, { to: email, page, after: began }))!;

  async function newAccount() {
    const email = `page-${uuidv7()}@irisvue.example`;
    const { user, tokens } = await identity().createUser({ requestId: uuidv7(), email, password: PASSWORD });
    return { email, id: user!.id, token: tokens!.accessToken };
  }

  async function newVerifiedAccount() {
    const account = await newAccount();
    await identity().verifyEmail({ requestId: uuidv7(), token: tokenOf(await linkTo(account.email, 'verify')) });
    return account;
  }

  async function open(url: string, o: BrowserContextOptions = {}): Promise<Page> {
    const page = await (await browser.newContext({ locale: 'en-GB', ...o })).newPage();
    page.on('request', (request) => seen.urls.push(request.url()));
    page.on('pageerror', (error) => seen.problems.push(error.message));
    page.on('console', (line) => line.type() === 'error' && seen.problems.push(line.text()));
    await page.goto(url);
    return page;
  }

  const heading = (page: Page) => page.locator('h1').textContent();
  const isVerified = async (account: { readonly token: string }) =>
    (await identity().getUser({}, as(account.token))).user!.verified;

  test('confirm an e-mail by one press; opening the link does nothing, and the token leaves the address bar', async () => {
    const account = await newAccount();
    const link = await linkTo(account.email, 'verify');
    const page = await open(link);
    expect(await isVerified(account)).toBe(false);
    expect(page.url()).toBe(`${mesh.gatewayUrl}/account/verify`);
    expect(await page.locator('input[name=token]').isVisible()).toBe(false);
    await page.getByRole('button', { name: 'Confirm' }).click();
    expect(await heading(page)).toBe('Your e-mail is confirmed');
    expect(await isVerified(account)).toBe(true);

    const again = await open(link);
    await again.getByRole('button').click();
    expect(await again.getByRole('alert').textContent()).toContain('This link does not work (any more)');
  });

  test('without JavaScript and in German: the link is pasted', async () => {
    const account = await newAccount();
    const page = await open(await linkTo(account.email, 'verify'), { javaScriptEnabled: false, locale: 'de-DE' });
    await page.getByLabel('Der Link aus der Mail').fill(await linkTo(account.email, 'verify'));
    await page.getByRole('button', { name: 'Bestätigen' }).click();
    expect(await heading(page)).toBe('Ihre E-Mail-Adresse ist bestätigt');
    expect(await isVerified(account)).toBe(true);
  });

  test('set a new password: two that differ are asked for again, and the old one is of no use afterwards', async () => {
    const { email } = await newVerifiedAccount();
    await identity().sendPasswordReset({ requestId: uuidv7(), email });
    const page = await open(await linkTo(email, 'reset-password'));
    const fill = async (password: string, repeat: string) => {
      await page.getByLabel('New password').fill(password);
      await page.getByLabel('The same again').fill(repeat);
      await page.getByRole('button', { name: 'Set the password' }).click();
    };
    await fill('a better password', 'a bitter password');
    expect(await page.getByRole('alert').textContent()).toBe('The two passwords are not the same.');
    await fill('a better password', 'a better password');
    expect(await heading(page)).toBe('Your password is set');
    expect((await identity().createSession({ email, password: 'a better password' })).user?.email).toBe(email);
    const old = identity().createSession({ email, password: PASSWORD });
    expect(await old.catch(reasonOf)).toBe(ErrorReason.BAD_CREDENTIALS);
  });

  test('confirm a new e-mail', async () => {
    const account = await newVerifiedAccount();
    const email = `moved-${uuidv7()}@irisvue.example`;
    await identity().sendEmailChange({ requestId: uuidv7(), email, password: PASSWORD }, as(account.token));
    const page = await open(await linkTo(email, 'change-email'));
    await page.getByRole('button', { name: 'Confirm' }).click();
    expect(await heading(page)).toBe('Your e-mail is changed');
    expect((await identity().getUser({}, as(account.token))).user!.email).toBe(email);
  });

  test('an invitation is shown before it is accepted or declined, and no session is left behind', async () => {
    const [owner, guest] = [await newVerifiedAccount(), await newVerifiedAccount()];
    const circles = createClient(CircleService, plainTransport(mesh.gatewayUrl));
    const { circle } = await circles.createCircle({ requestId: uuidv7(), name: '<b>Family</b>' }, as(owner.token));
    const asked = { requestId: uuidv7(), circleId: circle!.id };
    const { url } = await circles.createInvitation(asked, as(owner.token));
    const answer = async (button: 'Join' | 'Not now') => {
      const page = await open(url);
      await page.getByLabel('E-mail').fill(guest.email);
      await page.getByLabel('Password').fill('not the password');
      await page.getByRole('button', { name: 'Show the invitation' }).click();
      expect(await page.getByRole('alert').textContent()).toBe('The e-mail or the password is wrong.');
      await page.getByLabel('Password').fill(PASSWORD);
      await page.getByRole('button', { name: 'Show the invitation' }).click();
      expect(await page.locator('dd').allInnerTexts()).toEqual(['<b>Family</b>', 'p•••@irisvue.example']);
      await page.getByRole('button', { name: button }).click();
      return page.locator('main').textContent();
    };
    const isMember = async () => (await circles.listCircles({}, as(guest.token))).circles.length === 1;

    expect(await answer('Not now')).toContain('Nothing was accepted.');
    expect(await isMember()).toBe(false);
    expect(await answer('Join')).toContain('You are a member');
    expect(await isMember()).toBe(true);
    const { sessions } = await identity().listSessions({}, as(guest.token));
    expect(sessions.map(({ clientName }) => clientName)).toEqual(['']);
  });

  test('who asks to upload photos of somebody’s eyes is shown before it is permitted', async () => {
    const [uploader, subject] = [await newVerifiedAccount(), await newVerifiedAccount()];
    const subjects = createClient(SubjectService, plainTransport(mesh.gatewayUrl));
    const { url } = await subjects.createSubjectInvitation({ requestId: uuidv7() }, as(uploader.token));
    const answer = async (button: string) => {
      const page = await open(url);
      await page.getByLabel('E-mail').fill(subject.email);
      await page.getByLabel('Password').fill(PASSWORD);
      await page.getByRole('button', { name: 'Show who asks' }).click();
      expect(await page.locator('dd').allInnerTexts()).toEqual(['p•••@irisvue.example']);
      await page.getByRole('button', { name: button }).click();
      return heading(page);
    };
    const permitted = async () =>
      (await subjects.listCapturePermissions({}, as(subject.token))).given.map(({ uploaderId }) => uploaderId);

    expect(await answer('Not now')).toBe('Somebody asks you');
    expect(await permitted()).toEqual([]);
    expect(await answer('I am of full age and permit it')).toBe('It is permitted');
    expect(await permitted()).toEqual([uploader.id]);
    const { sessions } = await identity().listSessions({}, as(subject.token));
    expect(sessions.map(({ clientName }) => clientName)).toEqual(['']);
  });

  test('nobody else was asked for anything, no page complained, and no token went through a URL or into a log', async () => {
    expect(seen.urls.length).toBeGreaterThan(10);
    const mails = new URL(mesh.gatewayUrl).origin;
    expect(seen.urls.filter((url) => new URL(url).origin !== mails)).toEqual([]);
    // A refusal of the server is an error to the console, and the only kind that is meant.
    expect(seen.problems.filter((problem) => !/status of (400|403|410)/.test(problem))).toEqual([]);
    const account = await newAccount();
    const token = tokenOf(await linkTo(account.email, 'verify'));
    const page = await open(`${mesh.gatewayUrl}/account/verify#${token}`);
    await page.getByRole('button').click();
    const sent = seen.urls.map((url) => url.split('#')[0]!);
    expect(sent.filter((url) => url.includes(token))).toEqual([]);
    for (const name of ['gateway', 'identity']) {
      expect(await readFile(logPath(mesh.home, name), 'utf8'), name).not.toContain(token);
    }
  });
});
