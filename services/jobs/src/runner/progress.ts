import { setTimeout as delay } from 'node:timers/promises';

/** At most five writes a second and job: a bar that moves more often tells nobody more. */
const MIN_INTERVAL_MS = 200;

export interface Progress<T> {
  /** Notes where the work is; what is written is always the latest. */
  report(at: T): void;
  /** Ends it. What has not been written is dropped: the checkpoint that follows says more. */
  [Symbol.dispose](): void;
}

/** Writes reports at most every 200 ms; the last one always, unless disposed before. `write` never rejects. */
export function throttleProgress<T>(write: (at: T) => Promise<void>): Progress<T> {
  const ended = new AbortController();
  let latest: { readonly at: T } | undefined;
  let writing = false;
  const drain = async () => {
    writing = true;
    while (latest !== undefined && !ended.signal.aborted) {
      const { at } = latest;
      latest = undefined;
      await write(at);
      await delay(MIN_INTERVAL_MS, undefined, { signal: ended.signal }).catch(() => undefined); // ended: so does the loop
    }
    writing = false;
  };
  return {
    report: (at) => {
      latest = { at };
      if (!writing) void drain();
    },
    [Symbol.dispose]: () => ended.abort(),
  };
}
