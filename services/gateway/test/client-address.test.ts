import { describe, expect, it } from 'vitest';
import { clientAddress } from '../src/client-address.ts';

describe('clientAddress', () => {
  it.each([
    ['no proxy', '203.0.113.7', null, 0, '203.0.113.7'],
    ['no proxy, and a header that claims another address', '203.0.113.7', '10.0.0.1', 0, '203.0.113.7'],
    ['one proxy', '10.0.0.1', '203.0.113.7', 1, '203.0.113.7'],
    ['one proxy, and a client that wrote the header first', '10.0.0.1', '1.2.3.4, 203.0.113.7', 1, '203.0.113.7'],
    ['two proxies', '10.0.0.1', '1.2.3.4, 203.0.113.7, 10.0.0.2', 2, '203.0.113.7'],
    ['fewer hops than proxies', '10.0.0.1', null, 2, '10.0.0.1'],
    ['IPv4 on a dual-stack socket', '::ffff:203.0.113.7', null, 0, '203.0.113.7'],
    ['IPv6', '2001:db8::1', null, 0, '2001:db8::1'],
    ['a connection that is gone', undefined, null, 0, 'unknown'],
  ])('%s', (_, peer, forwardedFor, trustedProxies, address) => {
    expect(clientAddress(peer, forwardedFor, trustedProxies)).toBe(address);
  });
});
