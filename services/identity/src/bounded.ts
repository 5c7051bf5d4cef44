import { DomainError, ErrorReason } from '@irisvue/runtime';

const RETRY_AFTER_MS = 1_000;

/** Runs works, only so many at a time. */
export type Bounded = <T>(work: () => Promise<T>) => Promise<T>;

/**
 * At most `parallel` works run, at most `waiting` wait for their turn, in order. One more is refused at once:
 * RATE_LIMITED {retry_after_ms}.
 */
export function bounded(o: { readonly parallel: number; readonly waiting: number }): Bounded {
  const queue: (() => void)[] = [];
  let running = 0;
  return async (work) => {
    if (running >= o.parallel) {
      if (queue.length >= o.waiting) {
        const metadata = { retry_after_ms: String(RETRY_AFTER_MS) };
        throw new DomainError(ErrorReason.RATE_LIMITED, 'too many calls at the same time', metadata);
      }
      await new Promise<void>((resolve) => queue.push(resolve)); // whoever ends hands its place over
    } else {
      running++;
    }
    try {
      return await work();
    } finally {
      const next = queue.shift();
      if (next === undefined) running--;
      else next();
    }
  };
}
