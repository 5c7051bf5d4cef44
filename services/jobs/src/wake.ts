import { setTimeout as delay } from 'node:timers/promises';

/** A bell that remembers one ring: any number of rings between two waits are one, so it never grows. */
export interface Wake {
  ring(): void;
  /** Resolves when rung, also before the call; at the latest after `ms`, or when `signal` aborts. Never rejects. */
  wait(ms: number, signal: AbortSignal): Promise<void>;
}

export function createWake(): Wake {
  let rung = Promise.withResolvers<void>();
  return {
    ring: () => rung.resolve(),
    async wait(ms, signal) {
      const done = new AbortController();
      const timer = delay(ms, undefined, { signal: AbortSignal.any([signal, done.signal]) }).catch(() => undefined);
      await Promise.race([rung.promise, timer]);
      done.abort();
      rung = Promise.withResolvers<void>();
    },
  };
}
