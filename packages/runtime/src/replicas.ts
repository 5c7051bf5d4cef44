import { isIP } from 'node:net';
import type { Replica } from './replica.ts';
import type { ResolveHost } from './resolve-host.ts';

/** How long the addresses of a name are taken for true. */
const LOOKUP_EVERY_MS = 5_000;

/** The replicas of a service, as its names resolve. */
export interface Replicas {
  /** Those that are known, at least one. Only the first look is waited for; one that is due later happens beside. */
  current(): Promise<readonly Replica[]>;
  /** Looks the names up now and gives what they resolve to. Several looks at the same time are one. Never rejects. */
  lookAgain(): Promise<readonly Replica[]>;
}

/**
 * Keeps one replica for each address that the hosts of `urls` resolve to, made by `create`; one whose address is gone
 * is retired. A name that cannot be looked up keeps the addresses that it had; one that never could stands for itself.
 */
export function keepReplicas(o: {
  readonly urls: readonly string[];
  readonly resolve: ResolveHost;
  readonly create: (at: { readonly url: string; readonly address: string }) => Replica;
}): Replicas {
  const byUrl = new Map<string, ReadonlyMap<string, Replica>>(o.urls.map((url) => [url, new Map()]));
  let lookedAt = Number.NEGATIVE_INFINITY;
  let looking: Promise<readonly Replica[]> | undefined;
  const known = (): Replica[] => [...byUrl.values()].flatMap((byAddress) => [...byAddress.values()]);

  async function look(url: string): Promise<void> {
    const host = new URL(url).hostname.replace(/^\[|\]$/g, '');
    const before = byUrl.get(url)!;
    const found = isIP(host) === 0 ? await o.resolve(host).catch(() => []) : [host];
    const addresses = found.length > 0 ? found : before.size > 0 ? [...before.keys()] : [host];
    const now = new Map(addresses.map((address) => [address, before.get(address) ?? o.create({ url, address })]));
    byUrl.set(url, now);
    for (const [address, replica] of before) if (!now.has(address)) replica.retire();
  }

  const lookAgain = (): Promise<readonly Replica[]> => {
    looking ??= Promise.all(o.urls.map(look)).then(() => {
      lookedAt = performance.now();
      looking = undefined;
      return known();
    });
    return looking;
  };

  return {
    current: async () => {
      const replicas = known();
      if (replicas.length === 0) return await lookAgain();
      if (performance.now() - lookedAt > LOOKUP_EVERY_MS) lookAgain();
      return replicas;
    },
    lookAgain,
  };
}
