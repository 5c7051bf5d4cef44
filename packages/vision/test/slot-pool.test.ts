import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SegmentationService } from '@irisvue/contracts/irisvue/segmentation/v1/segmentation_service';
import { createLogger, ErrorReason, reasonOf } from '@irisvue/runtime';
import { afterEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { openSlotPool, type SlotPool } from '../src/index.ts';

const { segment } = SegmentationService.method;
const never = new AbortController().signal;
let pool: SlotPool | undefined;

afterEach(async () => {
  await pool?.[Symbol.asyncDispose]();
  pool = undefined;
});

async function open(o: { slots?: number; timeLimitMs?: number; env?: Record<string, string> } = {}): Promise<SlotPool> {
  pool = await openSlotPool({
    entry: new URL('tiny-slot.ts', import.meta.url),
    slots: o.slots ?? 1,
    device: 'cpu',
    threadsPerSlot: 3,
    env: o.env ?? {},
    timeLimitMs: o.timeLimitMs ?? 30_000,
    logger: createLogger({ service: 'test', level: 'silent' }),
  });
  return pool;
}

type Responses = AsyncIterator<unknown>;
const start = (p: SlotPool, maskKey: string, signal = never): Responses =>
  p.run(segment, { maskKey }, signal)[Symbol.asyncIterator]();

/** Collects a whole call. */
async function finish(p: SlotPool) {
  const responses = [];
  for await (const { event } of p.run(segment, { maskKey: 'finish' }, never)) responses.push(event);
  return responses;
}

const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};
/** How long a fresh slot takes depends on what else the machine does. */
const freeAgain = (p: SlotPool) =>
  vi.waitFor(() => expect(p.capabilities.freeSlots).toBe(p.capabilities.slots), { timeout: 20_000, interval: 10 });

describe('a slot', () => {
  test('is another process with its share of threads, reports progress, and is used again', async () => {
    const p = await open();
    const [first, second, outcome] = await finish(p);
    expect([first?.value, second?.value]).toMatchObject([{ fraction: 0.25 }, { fraction: 1 }]);
    expect(outcome?.value).toMatchObject({ photoWidth: p.pids[0], photoHeight: 3 });
    expect(p.pids[0]).not.toBe(process.pid);
    expect((await finish(p)).at(-1)).toEqual(outcome);
  });

  test('carries an error of the step to the caller, reason and facts included', async () => {
    const p = await open();
    const [pid] = p.pids;
    const call = start(p, 'refuse');
    await call.next();
    await expect(call.next()).rejects.toMatchObject({
      reason: ErrorReason.NOT_FOUND,
      metadata: { resource: 'object', id: 'x' },
    });
    const wrong = start(p, 'dance');
    await wrong.next();
    await expect(wrong.next()).rejects.toThrow('cannot dance');
    expect(p.pids).toEqual([pid]);
    expect(p.capabilities.freeSlots).toBe(1);
  });
});

describe('ending early', () => {
  test.each(['wait', 'spin'])(
    'abort ends a slot that would %s, within a second, and the pool is whole again',
    async (way) => {
      const p = await open();
      const [pid] = p.pids;
      const abort = new AbortController();
      const call = start(p, way, abort.signal);
      await call.next();

      const before = performance.now();
      abort.abort(new Error('not wanted any more'));
      await expect(call.next()).rejects.toThrow('not wanted any more');
      await vi.waitFor(() => expect(isAlive(pid)).toBe(false), { timeout: 1_000, interval: 5 });
      expect(performance.now() - before).toBeLessThan(1_000);

      await freeAgain(p);
      expect(p.pids).not.toContain(pid);
      expect(await finish(p)).toHaveLength(3);
    },
  );

  test('leaving the loop ends the slot as well', async () => {
    const p = await open();
    const [pid] = p.pids;
    for await (const _progress of p.run(segment, { maskKey: 'spin' }, never)) break;
    await vi.waitFor(() => expect(isAlive(pid)).toBe(false), { timeout: 1_000, interval: 5 });
    await freeAgain(p);
  });

  test('overrunning the time limit is a breakage worth a retry', async () => {
    const p = await open({ timeLimitMs: 200 });
    const call = start(p, 'spin');
    await call.next();
    await expect(call.next()).rejects.toMatchObject({
      reason: ErrorReason.DEPENDENCY_DOWN,
      metadata: { dependency: 'slot' },
      message: expect.stringContaining('200 ms'),
    });
    await freeAgain(p);
  });

  test('kill -9 of the slot is told to the caller and a fresh one comes', async () => {
    const p = await open();
    const [pid] = p.pids;
    const call = start(p, 'spin');
    await call.next();
    process.kill(pid, 'SIGKILL');
    await expect(call.next()).rejects.toMatchObject({ reason: ErrorReason.DEPENDENCY_DOWN });
    await freeAgain(p);
    expect(await finish(p)).toHaveLength(3);
  });
});

test('when every slot is taken the answer comes at once and says when to ask again', async () => {
  const p = await open({ slots: 2 });
  const abort = new AbortController();
  const calls = [start(p, 'wait', abort.signal), start(p, 'wait', abort.signal)];
  await Promise.all(calls.map((call) => call.next()));
  expect(p.capabilities).toMatchObject({ slots: 2, freeSlots: 0, threadsPerSlot: 3, device: 'cpu' });

  const refusal = await start(p, 'finish')
    .next()
    .catch((error: unknown) => error);
  expect(reasonOf(refusal)).toBe(ErrorReason.NO_FREE_SLOT);
  expect(refusal).toMatchObject({ metadata: { retry_after_ms: '300' } });
  abort.abort();
  await Promise.allSettled(calls.map((call) => call.next()));
  await freeAgain(p);
});

async function folderOfTest(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'irisvue-slot-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  return folder;
}

describe('loading anew', () => {
  test('replaces idle slots at once, and a busy one after its call', async () => {
    const p = await open({ slots: 2 });
    const before = p.pids;
    const gate = join(await folderOfTest(), 'done');
    const call = p.run(segment, { maskKey: 'linger', cropKey: gate }, never)[Symbol.asyncIterator]();
    await call.next();

    await p.reload();
    expect(p.capabilities.freeSlots).toBe(2);
    const busy = p.pids.filter((pid) => before.includes(pid));
    expect(busy).toHaveLength(1);
    await writeFile(gate, '');
    expect(await call.next()).toMatchObject({ value: { event: { value: { photoWidth: busy[0] } } } });
    expect(await call.next()).toMatchObject({ done: true });
    await vi.waitFor(() => expect(isAlive(busy[0]!)).toBe(false), { timeout: 1_000, interval: 5 });
    expect(p.capabilities).toMatchObject({ slots: 2, freeSlots: 2 });
    expect(p.pids).toHaveLength(2);
  });

  test('that fails leaves the slots that are there', async () => {
    const gate = join(await folderOfTest(), 'broken');
    const p = await open({ env: { TINY_SLOT_BROKEN_BY: gate } });
    const before = p.pids;
    await writeFile(gate, '');
    await expect(p.reload()).rejects.toThrow('the weights are not there');
    expect(p.pids).toEqual(before);
    expect(await finish(p)).toHaveLength(3);
    await rm(gate);
    await p.reload();
    expect(p.pids).not.toEqual(before);
    expect(await finish(p)).toHaveLength(3);
  });

  test('of a slot that dies meanwhile leaves the pool at its size', async () => {
    const p = await open({ slots: 2 });
    const before = p.pids;
    const reloaded = p.reload();
    for (const pid of before) process.kill(pid, 'SIGKILL');
    await reloaded;
    await vi.waitFor(() => expect(p.pids).toHaveLength(2), { timeout: 5_000, interval: 10 });
    await freeAgain(p);
    expect(p.pids.some((pid) => before.includes(pid))).toBe(false);
  });
});

test('a slot that cannot be loaded is an error at the start, with the cause', async () => {
  await expect(open({ env: { TINY_SLOT_BROKEN: 'yes' } })).rejects.toThrow('the weights are not there');
});

test('when the parent is killed no slot is left, busy ones included', async () => {
  const parent = fork(new URL('tiny-service.ts', import.meta.url), { execArgv: [], stdio: 'inherit' });
  const [pids] = (await once(parent, 'message')) as [number[]];
  expect(pids).toHaveLength(2);
  expect(pids.every(isAlive)).toBe(true);
  parent.kill('SIGKILL');
  await vi.waitFor(() => expect(pids.filter(isAlive)).toEqual([]), { timeout: 5_000, interval: 20 });
});
