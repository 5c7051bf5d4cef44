import { DomainError, ErrorReason, type Logger } from '@irisvue/runtime';
import { Redis } from 'ioredis';

const PAGE = 1_000;

/** Keys of the cache that name somebody by id. DEPENDENCY_DOWN {dependency: 'redis'} when it cannot be asked. */
export interface CacheKeys {
  /** Deletes them; gives how many. */
  forget(id: string): Promise<number>;
  count(id: string): Promise<number>;
}

/** Goes through all keys of Redis by SCAN, which blocks nobody else. It connects when it is first asked. */
export function openRedisKeys(o: { readonly url: string; readonly logger: Logger }): CacheKeys & Disposable {
  const redis = new Redis(o.url, { lazyConnect: true, maxRetriesPerRequest: 1 });
  redis.on('error', (error) => o.logger.warn({ err: error, dependency: 'redis' }, 'Redis is out of reach'));

  // An id holds no character that a pattern would read.
  async function keysWith(id: string): Promise<string[]> {
    const found = new Set<string>(); // SCAN may give a key twice
    let cursor = '0';
    do {
      const [next, keys] = await redis.scan(cursor, 'MATCH', `*${id}*`, 'COUNT', PAGE);
      for (const key of keys) found.add(key);
      cursor = next;
    } while (cursor !== '0');
    return [...found];
  }
  return {
    async forget(id) {
      const keys = await keysWith(id).catch(rethrowDown);
      return keys.length === 0 ? 0 : redis.del(...keys).catch(rethrowDown);
    },
    count: async (id) => (await keysWith(id).catch(rethrowDown)).length,
    [Symbol.dispose]: () => redis.disconnect(),
  };
}

function rethrowDown(error: unknown): never {
  const metadata = { dependency: 'redis' };
  throw new DomainError(ErrorReason.DEPENDENCY_DOWN, 'Redis is out of reach', metadata, { cause: error });
}
