import { ErrorReason, reasonOf } from '@irisvue/runtime';
import { describe, expect, test } from 'vitest';
import { bounded } from '../src/bounded.ts';
import { createPasswords } from '../src/passwords.ts';

/** Works that end when told, and how many ran at once at most. */
function works() {
  let [running, most] = [0, 0];
  const ends: (() => void)[] = [];
  return {
    work: async () => {
      most = Math.max(most, ++running);
      await new Promise<void>((resolve) => ends.push(resolve));
      running--;
    },
    endOne: () => ends.shift()?.(),
    most: () => most,
  };
}

describe('bounded', () => {
  test('runs so many at a time, the others in order, and refuses one beyond those that may wait', async () => {
    const inTurn = bounded({ parallel: 2, waiting: 3 });
    const { work, endOne, most } = works();
    const order: number[] = [];
    const calls = Array.from({ length: 5 }, (_, i) => inTurn(work).then(() => order.push(i)));
    const refused = await inTurn(work).catch((error: unknown) => error);
    expect(reasonOf(refused)).toBe(ErrorReason.RATE_LIMITED);
    for (const call of calls) {
      endOne();
      await call;
    }
    expect(order).toEqual([0, 1, 2, 3, 4]);
    expect(most()).toBe(2);
  });

  test('gives a place back after a failure', async () => {
    const inTurn = bounded({ parallel: 1, waiting: 0 });
    await expect(inTurn(async () => Promise.reject(new Error('broken')))).rejects.toThrow('broken');
    expect(await inTurn(async () => 'next')).toBe('next');
  });
});

test('a flood of passwords cannot take more memory than its bound', async () => {
  const passwords = await createPasswords({ parallel: 2 });
  const stored = await passwords.hash('secret words');
  const before = process.memoryUsage().rss;
  let highest = before;
  const watch = setInterval(() => {
    highest = Math.max(highest, process.memoryUsage().rss);
  }, 2);
  const calls = await Promise.allSettled(Array.from({ length: 200 }, () => passwords.matches('other words', stored)));
  clearInterval(watch);
  const refused = calls.filter((call) => call.status === 'rejected');
  expect(refused).toHaveLength(200 - 2 - 100);
  for (const { reason } of refused) expect(reasonOf(reason)).toBe(ErrorReason.RATE_LIMITED);
  // Two hashes take 38 MiB, those that wait take nothing; 102 at a time would take 1.9 GiB.
  expect((highest - before) / 2 ** 20).toBeLessThan(200);
});
