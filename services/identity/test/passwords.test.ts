import { beforeAll, describe, expect, test } from 'vitest';
import { createPasswords, type Passwords } from '../src/passwords.ts';

let passwords: Passwords;
beforeAll(async () => {
  passwords = await createPasswords({ parallel: 4 });
});

describe('a password', () => {
  test('is kept as Argon2id with the parameters that OWASP names', async () => {
    expect(await passwords.hash('secret words')).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
  });

  test('has a salt of its own', async () => {
    expect(await passwords.hash('secret words')).not.toBe(await passwords.hash('secret words'));
  });

  test('matches itself and nothing else', async () => {
    const hash = await passwords.hash('secret words');
    expect(await passwords.matches('secret words', hash)).toBe(true);
    expect(await passwords.matches('secret wordS', hash)).toBe(false);
  });

  test('matches however its accents were typed', async () => {
    const hash = await passwords.hash('caf\u00e9 au lait');
    expect(await passwords.matches('cafe\u0301 au lait', hash)).toBe(true);
  });

  test.each([null, undefined])('never matches a missing hash (%s)', async (hash) => {
    expect(await passwords.matches('', hash)).toBe(false);
  });

  test('costs about the same when there is no hash', async () => {
    const hash = await passwords.hash('secret words');
    const fastest = async (stored: string | undefined) => {
      let ms = Number.POSITIVE_INFINITY;
      for (let i = 0; i < 5; i++) {
        const begin = performance.now();
        await passwords.matches('other words', stored);
        ms = Math.min(ms, performance.now() - begin);
      }
      return ms;
    };
    expect(await fastest(undefined)).toBeGreaterThan((await fastest(hash)) / 3);
  });
});
