import { createLogger } from '@irisvue/runtime';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { type Slots, watchSlots } from '../src/runner/slots.ts';

let stop: AbortController;
let answers: { slots: number | Error };
beforeEach(() => {
  stop = new AbortController();
  answers = { slots: 1 };
});
afterEach(() => stop.abort());

/** Slots of a service that answers `answers.slots`, once it has answered for the first time. */
async function opened(): Promise<Slots> {
  const first = Promise.withResolvers<void>();
  const ask = async () => {
    if (answers.slots instanceof Error) throw answers.slots;
    return answers.slots;
  };
  const slots = watchSlots({
    ask: { segmentation: ask, enhancement: ask, fusion: ask },
    onRoom: first.resolve,
    logger: createLogger({ service: 'test', level: 'silent' }),
    signal: stop.signal,
  });
  await first.promise;
  return slots;
}

test('a taken slot is not free, and a returned one is', async () => {
  const slots = await opened();
  const slot = await slots.take('segmentation', 0, stop.signal);
  expect(slots.room('segmentation')).toEqual({ free: 0, waiting: 0, slots: 1 });
  slot[Symbol.dispose]();
  expect(slots.room('segmentation')).toEqual({ free: 1, waiting: 0, slots: 1 });
});

test('of those that wait the most urgent comes first, then the one that came first', async () => {
  const slots = await opened();
  const order: string[] = [];
  const held = await slots.take('fusion', 0, stop.signal);
  const waiting = (
    [
      ['late', 5],
      ['later', 5],
      ['urgent', 1],
    ] as const
  ).map(async ([name, rank]) => {
    using _slot = await slots.take('fusion', rank, stop.signal);
    order.push(name);
  });
  expect(slots.room('fusion').waiting).toBe(3);
  held[Symbol.dispose]();
  await Promise.all(waiting);
  expect(order).toEqual(['urgent', 'late', 'later']);
});

test('a wait ends when its job does, and takes nothing', async () => {
  const slots = await opened();
  const held = await slots.take('enhancement', 0, stop.signal);
  const job = new AbortController();
  const waiting = slots.take('enhancement', 0, job.signal);
  job.abort(new Error('cancelled'));
  await expect(waiting).rejects.toThrow('cancelled');
  held[Symbol.dispose]();
  expect(slots.room('enhancement')).toEqual({ free: 1, waiting: 0, slots: 1 });
});

test('a paused service and one that is down have no room', async () => {
  const slots = await opened();
  slots.pause('segmentation', 60_000);
  expect(slots.room('segmentation').free).toBe(0);
  slots.markDown('fusion');
  expect(slots.room('fusion')).toEqual({ free: 0, waiting: 0, slots: 0 });
});

test('a service that refuses again and again is left alone for longer, until it has been calm', async () => {
  const slots = await opened();
  vi.useFakeTimers({ toFake: ['performance'] });
  try {
    /** Milliseconds that a refusal, told to last 100, keeps the service without room. */
    const pause = () => {
      slots.pause('fusion', 100);
      for (let ms = 0; ; ms += 100) {
        if (slots.room('fusion').free > 0) return ms;
        vi.advanceTimersByTime(100);
      }
    };
    expect([pause(), pause(), pause(), pause(), pause()]).toEqual([100, 200, 400, 800, 800]);
    vi.advanceTimersByTime(3_001);
    expect(pause()).toBe(100);
  } finally {
    vi.useRealTimers();
  }
});
