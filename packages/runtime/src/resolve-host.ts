import { lookup } from 'node:dns/promises';

/** Gives the addresses that a host name has now. Rejects when it has none, or when nobody can be asked. */
export type ResolveHost = (host: string) => Promise<readonly string[]>;

/**
 * Asks the system (its hosts file and its name servers). Of a name with addresses of both families only the IPv4 ones
 * are given: two addresses of one process would pass for two processes.
 */
export const resolveHost: ResolveHost = async (host) => {
  const found = await lookup(host, { all: true });
  const family = found.some((one) => one.family === 4) ? 4 : 6;
  return [...new Set(found.filter((one) => one.family === family).map((one) => one.address))];
};
