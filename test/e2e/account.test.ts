import { execFile } from 'node:child_process';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { type Mesh, startMesh } from '@irisvue/embedded';
import { temporaryFolder } from '@irisvue/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';

const root = resolve(import.meta.dirname, '../..');
const PASSWORD = 'correct horse battery';
const NEW_PASSWORD = 'staple battery horse';
const EMAIL = 'ada@example.org';
const stack = new AsyncDisposableStack();

let home: string;
let elsewhere: string;
let mesh: Mesh;

beforeAll(async () => {
  home = stack.use(await temporaryFolder('account')).path;
  elsewhere = stack.use(await temporaryFolder('elsewhere')).path;
  const env = { IRISVUE_ENV: 'development' };
  mesh = stack.use(await startMesh({ home, ports: 'free', env, services: ['gateway', 'identity'] }));
});
afterAll(() => stack.disposeAsync());

interface Answer {
  readonly code: number;
  readonly out: string;
}

/** Runs `irisvue account …` as a person would on this machine; `lines` answer its questions. */
function account(args: readonly string[], lines: readonly string[] = [], env: Record<string, string> = {}) {
  return new Promise<Answer>((done) => {
    const command = [join(root, 'packages/cli/src/main.ts'), 'account', ...args];
    const child = execFile(
      process.execPath,
      command,
      { env: { ...process.env, IRISVUE_HOME: home, ...env } },
      (error, stdout, stderr) => done({ code: Number(error?.code ?? 0), out: `${stdout}${stderr}` }),
    );
    child.stdin?.end(lines.map((line) => `${line}\n`).join(''));
  });
}

/** The same on another machine. */
const fromElsewhere = (args: readonly string[], lines: readonly string[] = []) =>
  account(args, lines, { IRISVUE_HOME: elsewhere, IRISVUE_GATEWAY_URL: mesh.gatewayUrl });

const linkIn = ({ out }: Answer): string => /https?:\/\/\S+#[\w-]{43}/.exec(out)?.[0] ?? `no link in: ${out}`;

test('a person signs up, and verifies the e-mail by the link that was mailed', async () => {
  const signedUp = await account(['sign-up', '--email', EMAIL], [PASSWORD]);
  expect(signedUp).toMatchObject({ code: 0 });
  expect(signedUp.out).toContain(`Signed up as ${EMAIL}`);
  expect((await account(['show'])).out).toContain(`${EMAIL} (not verified)`);
  expect(await account(['verify', linkIn(signedUp)])).toMatchObject({ code: 0 });
  expect((await account(['show'])).out).toContain(`${EMAIL} (verified)`);
  const again = await account(['verify', linkIn(signedUp)]);
  expect(again).toMatchObject({ code: 1 });
  expect(again.out).toContain('link invalid');
});

test('the session is kept, the password is not', async () => {
  const path = join(home, 'account.json');
  expect(await readFile(path, 'utf8')).not.toContain(PASSWORD);
  expect((await stat(path)).mode & 0o777).toBe(0o600);
});

test('commands at the same time renew one session together', async () => {
  const path = join(home, 'account.json');
  const kept = JSON.parse(await readFile(path, 'utf8'));
  kept.session.accessExpireTime = new Date(Date.now() - 1).toISOString();
  await writeFile(path, JSON.stringify(kept));
  const answers = await Promise.all([account(['show']), account(['show']), account(['show'])]);
  for (const answer of answers) expect(answer.out).toContain(EMAIL);
  expect((await account(['sessions'])).out.trim().split('\n')).toHaveLength(1);
});

test('another machine signs in, is listed, and is signed out from here', async () => {
  expect((await fromElsewhere(['sign-in', '--email', EMAIL], ['wrong'])).out).toContain('bad credentials');
  expect(await fromElsewhere(['sign-in', '--email', EMAIL], [PASSWORD])).toMatchObject({ code: 0 });
  const listed = (await account(['sessions'])).out.trim().split('\n');
  expect(listed).toHaveLength(2);
  expect(listed.filter((line) => line.endsWith('(this)'))).toHaveLength(1);
  const other = listed.find((line) => !line.endsWith('(this)'))!.split(' ')[0]!;
  expect(await account(['revoke-session', other])).toMatchObject({ code: 0 });
  expect((await fromElsewhere(['show'])).out).toContain('the session has ended');
});

test('a password is changed here, and reset by a link', async () => {
  expect(await account(['change-password'], [PASSWORD, NEW_PASSWORD])).toMatchObject({ code: 0 });
  expect((await account(['show'])).out).toContain(EMAIL);
  const mailed = await account(['reset-password', '--email', EMAIL]);
  expect(await account(['reset-password', linkIn(mailed)], [PASSWORD])).toMatchObject({ code: 0 });
  expect((await account(['show'])).out).toContain('the session has ended');
  await account(['sign-out']);
  expect(await account(['sign-in', '--email', EMAIL], [PASSWORD])).toMatchObject({ code: 0 });
});

test('an e-mail is changed by the link that went to the new address', async () => {
  const mailed = await account(['change-email', '--to', 'lovelace@example.org'], [PASSWORD]);
  expect(await account(['change-email', linkIn(mailed)])).toMatchObject({ code: 0 });
  expect((await account(['show'])).out).toContain('lovelace@example.org (verified)');
});

test('an operator is made by whoever holds the master secret, and by nobody else', async () => {
  const refused = await fromElsewhere(['operator', 'lovelace@example.org']);
  expect(refused).toMatchObject({ code: 1 });
  expect(refused.out).toContain('IRISVUE_MASTER_SECRET');
  expect(await account(['operator', 'lovelace@example.org'])).toMatchObject({ code: 0 });
  await account(['sign-out']);
  await account(['sign-in', '--email', 'lovelace@example.org'], [PASSWORD]);
  expect((await account(['show'])).out).toMatch(/role: +operator/);
  expect(await account(['operator', 'lovelace@example.org', '--revoke'])).toMatchObject({ code: 0 });
});

test('an account that the command made for itself is not given up by mistake', async () => {
  await account(['sign-out']);
  expect((await account(['show'])).out).toMatch(/local-[0-9a-f]{8}@irisvue\.example/);
  expect((await account(['sign-out'])).out).toContain('--forget');
  expect((await account(['sign-in', '--email', EMAIL], [PASSWORD])).out).toContain('sign-out --forget');
  expect(await account(['sign-out', '--forget'])).toMatchObject({ code: 0 });
});
