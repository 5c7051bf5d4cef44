import { isIP } from 'node:net';

/**
 * The client's IP address as the nearest proxy, our own gateway, saw it: the last entry of X-Forwarded-For, because
 * whatever stands before it may be the client's own invention. Undefined when there is none or it is no address.
 */
export function clientAddress(headers: Headers): string | undefined {
  const last = headers.get('x-forwarded-for')?.split(',').at(-1)?.trim() ?? '';
  return isIP(last) === 0 ? undefined : last;
}
