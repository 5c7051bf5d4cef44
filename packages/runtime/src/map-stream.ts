/**
 * Runs every step of a stream (next, return, throw) through `around`, which may catch, count or set a context.
 * An async generator's body runs in the context of whoever asks for the next value, so wrapping the steps is the only
 * way to wrap the whole stream.
 */
export function mapStream<T>(
  source: AsyncIterable<T>,
  around: (step: () => Promise<IteratorResult<T>>) => Promise<IteratorResult<T>>,
): AsyncIterable<T> {
  return {
    [Symbol.asyncIterator]() {
      const iterator = source[Symbol.asyncIterator]();
      const wrapped: AsyncIterator<T> = { next: () => around(() => iterator.next()) };
      if (iterator.return !== undefined) {
        wrapped.return = (value) => around(() => iterator.return!(value));
      }
      if (iterator.throw !== undefined) {
        wrapped.throw = (reason) => around(() => iterator.throw!(reason));
      }
      return wrapped;
    },
  };
}
