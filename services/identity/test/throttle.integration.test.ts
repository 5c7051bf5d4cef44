import { newId } from '@irisvue/database';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { refusal } from './refusal.ts';
import { PASSWORD, type StartedIdentity, startIdentity } from './started-identity.ts';

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;

let identity: StartedIdentity;
beforeAll(async () => {
  identity = await startIdentity({ IRISVUE_FREE_TRIES_PER_ACCOUNT: '5', IRISVUE_FREE_TRIES_PER_ADDRESS: '30' });
});
afterAll(() => identity[Symbol.asyncDispose]());

// Each test comes from an address of its own, as the gateway would say it.
let lastAddress = 0;
const newAddress = () => ({ headers: { 'x-forwarded-for': `198.51.100.${++lastAddress}` } });
const tried = (email: string, password: string, from = newAddress()) =>
  refusal(identity.users().createSession({ email, password }, from));
const waitMs = ({ metadata }: Awaited<ReturnType<typeof refusal>>) => Number(metadata?.['retry_after_ms']);

describe('wrong passwords for one e-mail', () => {
  test('make each further try wait, twice as long every time, up to a quarter of an hour', async () => {
    const { email } = await identity.signUp();
    for (let i = 0; i < 6; i++) expect((await tried(email, 'wrong')).reason).toBe('BAD_CREDENTIALS');
    const waits: number[] = [];
    for (let i = 0; i < 12; i++) {
      const refused = await tried(email, PASSWORD);
      expect(refused).toMatchObject({ code: 'ResourceExhausted', reason: 'RATE_LIMITED' });
      waits.push(waitMs(refused) / SECOND_MS);
      identity.pass(waitMs(refused));
      expect((await tried(email, 'wrong')).reason).toBe('BAD_CREDENTIALS');
    }
    expect(waits.slice(0, 6)).toEqual([1, 2, 4, 8, 16, 32]);
    expect(Math.max(...waits)).toBeLessThanOrEqual(15 * 60);
    expect(waits.at(-1)).toBeGreaterThan(60);
  });

  test('are counted alike whether the e-mail has an account or not, and however it is written', async () => {
    const story = async (email: string) => {
      const answers: unknown[] = [];
      for (let i = 0; i < 9; i++) answers.push(await tried(i % 2 ? email.toUpperCase() : email, 'wrong'));
      return answers;
    };
    const { email } = await identity.signUp();
    const known = await story(email);
    expect(await story(`${newId()}@example.org`)).toEqual(known);
    expect(known.at(-1)).toMatchObject({ reason: 'RATE_LIMITED' });
  });

  test('cannot be hurried by trying at the same time', async () => {
    const { email } = await identity.signUp();
    const answers = await Promise.all(Array.from({ length: 25 }, () => tried(email, 'wrong')));
    const count = (reason: string) => answers.filter((answer) => answer.reason === reason).length;
    expect({ tried: count('BAD_CREDENTIALS'), refused: count('RATE_LIMITED') }).toEqual({ tried: 6, refused: 19 });
  });

  test('are forgotten after the right one', async () => {
    const { email } = await identity.signUp();
    for (let i = 0; i < 5; i++) await tried(email, 'wrong');
    await identity.users().createSession({ email, password: PASSWORD }, newAddress());
    for (let i = 0; i < 6; i++) expect((await tried(email, 'wrong')).reason).toBe('BAD_CREDENTIALS');
  });

  test('are forgiven one by one as time passes', async () => {
    const { email } = await identity.signUp();
    for (let i = 0; i < 6; i++) await tried(email, 'wrong');
    identity.pass(10 * MINUTE_MS);
    for (let i = 0; i < 2; i++) expect((await tried(email, 'wrong')).reason).toBe('BAD_CREDENTIALS');
    expect((await tried(email, 'wrong')).reason).toBe('RATE_LIMITED');
  });

  test('count for a change of password and of e-mail, too', async () => {
    const { email, tokens } = await identity.signUp();
    const users = identity.users(tokens.accessToken);
    const attempts = Array.from({ length: 6 }, (_, i) =>
      i % 2
        ? () => users.changePassword({ requestId: newId(), currentPassword: 'wrong', password: 'new words' })
        : () => users.sendEmailChange({ requestId: newId(), password: 'wrong', email: `new.${email}` }),
    );
    for (const attempt of attempts) expect((await refusal(attempt())).reason).toBe('BAD_CREDENTIALS');
    expect((await tried(email, PASSWORD)).reason).toBe('RATE_LIMITED');
  });

  test('are counted together by replicas, and over a restart', async () => {
    const { email } = await identity.signUp();
    for (let i = 0; i < 3; i++) await tried(email, 'wrong');
    await using replica = await identity.start();
    const there = () => refusal(identity.users(undefined, replica.url).createSession({ email, password: 'wrong' }));
    for (let i = 0; i < 3; i++) expect((await there()).reason).toBe('BAD_CREDENTIALS');
    expect((await there()).reason).toBe('RATE_LIMITED');
  });
});

describe('failures from one address', () => {
  test('make it wait, whatever it tries, and nobody else', async () => {
    const { email } = await identity.signUp();
    const from = newAddress();
    const stranger = () => `${newId()}@example.org`;
    for (let i = 0; i < 31; i++) expect((await tried(stranger(), 'wrong', from)).reason).toBe('BAD_CREDENTIALS');
    expect((await tried(email, PASSWORD, from)).reason).toBe('RATE_LIMITED');
    const signUp = identity.users().createUser({ requestId: newId(), email: stranger(), password: PASSWORD }, from);
    expect((await refusal(signUp)).reason).toBe('RATE_LIMITED');
    await identity.users().createSession({ email, password: PASSWORD }, newAddress());
  });

  test('are counted for the whole network of an IPv6 customer', async () => {
    const from = (host: number) => ({ headers: { 'x-forwarded-for': `2001:db8:7:7::${host}` } });
    for (let i = 0; i < 31; i++) await tried(`${newId()}@example.org`, 'wrong', from(i));
    expect((await tried(`${newId()}@example.org`, 'wrong', from(99))).reason).toBe('RATE_LIMITED');
    const other = { headers: { 'x-forwarded-for': '2001:db8:7:8::1' } };
    expect((await tried(`${newId()}@example.org`, 'wrong', other)).reason).toBe('BAD_CREDENTIALS');
  });

  test('are not many honest sign-ins', async () => {
    const { email } = await identity.signUp();
    const from = newAddress();
    for (let i = 0; i < 40; i++) await identity.users().createSession({ email, password: PASSWORD }, from);
  });
});

test('what is stored of tries names nobody', async () => {
  const email = `${newId()}@example.org`;
  await tried(email, 'wrong', { headers: { 'x-forwarded-for': '203.0.113.77' } });
  const rows = await identity.db.selectFrom('throttles').selectAll().execute();
  expect(rows.length).toBeGreaterThan(0);
  for (const { key } of rows) expect(key).toHaveLength(32);
  const stored = JSON.stringify(rows.map((row) => ({ ...row, key: row.key.toString('latin1') })));
  expect(stored).not.toContain(email);
  expect(stored).not.toContain('203.0.113.77');
});
