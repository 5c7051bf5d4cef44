/**
 * The client's IP address: the other end of the connection or, behind `trustedProxies` proxies that each append to
 * X-Forwarded-For, the address that the outermost of them saw. What a client writes into that header itself stands
 * further left and is never believed. "unknown" when the connection is gone.
 */
export function clientAddress(
  peer: string | undefined,
  forwardedFor: string | null | undefined,
  trustedProxies: number,
): string {
  const hops = [...(forwardedFor ?? '').split(','), peer ?? 'unknown'].map((hop) => hop.trim()).filter((hop) => hop);
  const address = hops.at(-1 - trustedProxies) ?? hops[0] ?? 'unknown';
  // An IPv4 client of a dual-stack socket (RFC 4291 §2.5.5.2) is the same client.
  return address.replace(/^::ffff:(?=\d+\.)/, '');
}
