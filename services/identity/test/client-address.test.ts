import { createContextValues } from '@connectrpc/connect';
import { expect, test } from 'vitest';
import { callerAddress } from '../src/client-address.ts';

test.each([
  ['198.51.100.7', '198.51.100.7'],
  ['the client says so, 198.51.100.7', '198.51.100.7'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
  ['2001:db8::1', '2001:db8:0:0::/64'],
  ['::1', '0:0:0:0::/64'],
  ['2001:0db8:0001:0002::', '2001:db8:1:2::/64'],
  ['fe80::1%eth0', 'fe80:0:0:0::/64'],
  ['::ffff:198.51.100.7', '::ffff:198.51.100.7'],
])('a call from %s is counted for %s', (forwarded, counted) => {
  const context = { values: createContextValues(), requestHeader: new Headers({ 'x-forwarded-for': forwarded }) };
  expect(callerAddress(context)).toBe(counted);
});

test('a call from nowhere is counted, too', () => {
  expect(callerAddress({ values: createContextValues(), requestHeader: new Headers() })).toBe('unknown');
});
