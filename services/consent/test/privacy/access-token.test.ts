import { expect, test } from 'vitest';
import { accessTokens } from '../../src/privacy/access-token.ts';

const ID = '0190a0a0-0000-7000-8000-000000000000';
const tokens = accessTokens('a secret');

test('a token opens its own erasure only, and is the same each time', () => {
  const token = tokens.of(ID);
  expect(token).toMatch(/^[\w-]{43}$/);
  expect(accessTokens('a secret').of(ID)).toBe(token);
  expect(tokens.matches(ID, token)).toBe(true);
  expect(tokens.matches(ID.replace('a', 'b'), token)).toBe(false);
});

test.each(['', 'x', tokens.of(ID).slice(1), `${tokens.of(ID)}=`, accessTokens('another secret').of(ID)])(
  'another token does not: %j',
  (token) => {
    expect(tokens.matches(ID, token)).toBe(false);
  },
);
