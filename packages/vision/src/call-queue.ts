import type { CallEvent } from './slot-process.ts';

/** Events of one call, from the slot's messages to whoever iterates. */
export interface CallQueue extends AsyncIterable<CallEvent> {
  push(event: CallEvent): void;
  /** Ends the iteration with an error, ahead of anything that still waits. */
  fail(reason: unknown): void;
}

/** A queue for one reader. */
export function callQueue(): CallQueue {
  const waiting: CallEvent[] = [];
  let failure: { readonly reason: unknown } | undefined;
  let wake = Promise.withResolvers<void>();
  return {
    push: (event) => {
      waiting.push(event);
      wake.resolve();
    },
    fail: (reason) => {
      failure ??= { reason };
      wake.resolve();
    },
    async *[Symbol.asyncIterator]() {
      while (true) {
        await wake.promise;
        wake = Promise.withResolvers();
        while (waiting.length > 0 && !failure) yield waiting.shift() as CallEvent;
        if (failure) throw failure.reason;
      }
    },
  };
}
