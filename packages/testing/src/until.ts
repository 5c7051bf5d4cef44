import { setTimeout as wait } from 'node:timers/promises';

/**
 * Asks again and again until the answer is truthy, and resolves with it. Rejects after `limitMs` (default 30 s) with
 * what the last question answered or threw.
 */
export async function until<T>(
  ask: () => T | Promise<T>,
  o: { readonly limitMs?: number; readonly everyMs?: number; readonly what?: string } = {},
): Promise<NonNullable<T>> {
  const { limitMs = 30_000, everyMs = 20, what = 'the condition' } = o;
  const deadline = performance.now() + limitMs;
  for (;;) {
    let last: unknown;
    try {
      const answer = await ask();
      if (answer) return answer;
      last = answer;
    } catch (error) {
      last = error;
    }
    if (performance.now() > deadline)
      throw new Error(`${what} did not come true in ${limitMs} ms; last: ${String(last)}`, { cause: last });
    await wait(everyMs);
  }
}
