import { expect, test } from 'vitest';
import { rates } from './rate.ts';

test('calls are counted with so many in flight and no more, all contestants in the same run', async () => {
  let inFlight = 0;
  let most = 0;
  const calls = { slow: 0, none: 0 };
  const slow = async () => {
    most = Math.max(most, ++inFlight);
    await new Promise((resolve) => setTimeout(resolve, 10));
    calls.slow++;
    inFlight--;
  };
  const none = async () => {
    calls.none++;
    await new Promise(setImmediate);
  };
  const measured = await rates({ slow, none }, { seconds: 0.2, rounds: 3, parallel: 4 });
  expect(most).toBe(4);
  expect(calls.slow).toBeGreaterThan(60); // 60 alone are the calls one after the other
  // Four at a time, each some 10 ms: about 400 a second at most.
  expect(measured.slow.perSecond).toBeGreaterThan(0);
  expect(measured.slow.perSecond).toBeLessThanOrEqual(450);
  expect(measured.slow.ms).toBeGreaterThanOrEqual(9);
  expect(measured.none.perSecond).toBeGreaterThan(measured.slow.perSecond);
});
