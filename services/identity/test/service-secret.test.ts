import { expect, test } from 'vitest';
import { serviceSecret } from '../src/service-tokens.ts';

test('a service’s secret is HMAC-SHA256 of its name under the master secret, hexadecimal', () => {
  // RFC 4231, test case 2.
  expect(serviceSecret('Jefe', 'what do ya want for nothing?')).toBe(
    '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843',
  );
});

test('services have different secrets', () => {
  expect(serviceSecret('master', 'jobs')).not.toBe(serviceSecret('master', 'consent'));
});
