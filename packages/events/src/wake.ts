/** Lets a loop sleep until something happens. A wake while nobody waits is kept for the next wait. */
export interface Wake {
  readonly wake: () => void;
  /** Resolves at the next wake, after `timeoutMs`, or when the signal aborts. */
  readonly wait: (timeoutMs: number) => Promise<void>;
}

export function createWake(signal: AbortSignal): Wake {
  let next = Promise.withResolvers<void>();
  const wake = () => next.resolve();
  signal.addEventListener('abort', wake, { once: true });
  return {
    wake,
    async wait(timeoutMs) {
      if (!signal.aborted) {
        const timer = setTimeout(wake, timeoutMs);
        await next.promise;
        clearTimeout(timer);
      }
      next = Promise.withResolvers<void>();
    },
  };
}
