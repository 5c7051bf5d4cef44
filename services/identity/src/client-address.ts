import { isIPv6 } from 'node:net';
import type { HandlerContext } from '@connectrpc/connect';
import { peerAddress } from '@irisvue/runtime';

const NETWORK_GROUPS = 4;

/**
 * Where a call comes from, to be counted: the last entry of X-Forwarded-For, which is what the gateway saw, else the
 * other end of the connection. An IPv6 address is cut to its /64, which one customer has whole (RFC 6177).
 */
export function callerAddress(context: Pick<HandlerContext, 'values' | 'requestHeader'>): string {
  const forwarded = context.requestHeader.get('x-forwarded-for')?.split(',').at(-1)?.trim();
  const address = forwarded || peerAddress(context.values) || 'unknown';
  return isIPv6(address) && !address.includes('.') ? network(address) : address;
}

function network(address: string): string {
  const [before = '', after] = address.split('%', 1)[0]!.split('::');
  const head = before === '' ? [] : before.split(':');
  const tail = after ? after.split(':') : [];
  const groups = [...head, ...Array<string>(Math.max(0, 8 - head.length - tail.length)).fill('0'), ...tail];
  return `${groups
    .slice(0, NETWORK_GROUPS)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':')}::/64`;
}
