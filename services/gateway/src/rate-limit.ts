import type { ContextValues, Interceptor } from '@connectrpc/connect';
import { callerOfContext, DomainError, ErrorReason, type Logger, reasonOf } from '@irisvue/runtime';
import type { Redis } from 'ioredis';
import { RateLimiterMemory, RateLimiterRedis, RateLimiterRes } from 'rate-limiter-flexible';

const WINDOW_SECONDS = 60;

/** Counts calls, per user and per address. */
export interface RateLimits {
  /** Counts one call. Throws RATE_LIMITED {retry_after_ms} when it is one too many. */
  consume(who: 'user' | 'address', key: string): Promise<void>;
}

/**
 * Limits on Redis, so that all replicas count together. While Redis is down each replica counts for itself in memory:
 * limits get looser by the number of replicas, never absent, and nobody is turned away because of Redis.
 */
export function createRateLimits(o: {
  readonly redis: Redis;
  readonly userCallsPerMinute: number;
  readonly addressCallsPerMinute: number;
}): RateLimits {
  const limiter = (keyPrefix: string, points: number): RateLimiterRedis =>
    new RateLimiterRedis({
      storeClient: o.redis,
      keyPrefix,
      points,
      duration: WINDOW_SECONDS,
      rejectIfRedisNotReady: true,
      insuranceLimiter: new RateLimiterMemory({ keyPrefix, points, duration: WINDOW_SECONDS }),
    });
  const limiters = {
    user: limiter('calls:user', o.userCallsPerMinute),
    address: limiter('calls:address', o.addressCallsPerMinute),
  };
  return {
    async consume(who, key) {
      try {
        await limiters[who].consume(key);
      } catch (refusal) {
        // The library throws its result, which is no Error, when the points are used up.
        if (refusal instanceof RateLimiterRes) {
          const metadata = { retry_after_ms: String(refusal.msBeforeNext) };
          throw new DomainError(ErrorReason.RATE_LIMITED, 'too many calls', metadata);
        }
        throw refusal;
      }
    },
  };
}

/** Counts a call for its user, or for its address where nobody signed in. Runs after authInterceptor. */
export function limitCalls(limits: RateLimits, addressOf: AddressOf): Interceptor {
  return (next) => async (request) => {
    const caller = callerOfContext({ values: request.contextValues });
    if (caller?.kind === 'user') {
      await limits.consume('user', caller.userId);
    } else {
      await limits.consume('address', addressOf(request));
    }
    return next(request);
  };
}

/** Counts tokens that are refused for their address: guessing is limited, too. Runs before authInterceptor. */
export function limitRefusals(limits: RateLimits, addressOf: AddressOf): Interceptor {
  return (next) => async (request) => {
    try {
      return await next(request);
    } catch (error) {
      const refused = callerOfContext({ values: request.contextValues }) === undefined;
      if (refused && reasonOf(error) === ErrorReason.TOKEN_INVALID) {
        await limits.consume('address', addressOf(request));
      }
      throw error;
    }
  };
}

/** Finds the address that a call is counted for. */
export type AddressOf = (request: { readonly contextValues: ContextValues; readonly header: Headers }) => string;

/** Tells, once per change, that Redis went or came back. */
export function logRedisState(redis: Redis, logger: Logger): void {
  let down = false;
  redis.on('error', (error) => {
    if (!down) {
      down = true;
      logger.warn({ err: error, dependency: 'redis' }, 'Redis is down: each replica counts calls for itself');
    }
  });
  redis.on('ready', () => {
    if (down) {
      down = false;
      logger.info({ dependency: 'redis' }, 'Redis is back');
    }
  });
}
