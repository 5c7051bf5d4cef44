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

test('a flood of passwords is turned away beyond those that may wait, at once', async () => {
  const passwords = await createPasswords({ parallel: 1 });
  const stored = await passwords.hash('secret words');
  const answers: string[] = [];
  const calls = Array.from({ length: 60 }, () =>
    passwords.matches('other words', stored).then(
      (same) => answers.push(`matches: ${same}`),
      (error: unknown) => answers.push(`refused: ${reasonOf(error) === ErrorReason.RATE_LIMITED}`),
    ),
  );
  await Promise.all(calls);
  expect(answers).toEqual([
    ...Array.from({ length: 60 - 51 }, () => 'refused: true'),
    ...Array.from({ length: 51 }, () => 'matches: false'),
  ]);
});
