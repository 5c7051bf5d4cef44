import { expect, test } from 'vitest';
import { maskedEmail } from '../src/masked-email.ts';

test.each([
  ['ada@example.org', 'a•••@example.org'],
  ['x@example.org', 'x•••@example.org'],
  ['"a@b"@example.org', '"•••@example.org'],
  ['𝒶lan@example.org', '𝒶•••@example.org'],
])('%s is shown as %s', (email, shown) => {
  expect(maskedEmail(email)).toBe(shown);
});
