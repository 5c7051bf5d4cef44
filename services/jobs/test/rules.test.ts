import { DomainError, ErrorReason } from '@irisvue/runtime';
import { describe, expect, test } from 'vitest';
import { throttleProgress } from '../src/runner/progress.ts';
import { sessionGuard } from '../src/session-guard.ts';
import { progressOf, STEPS_OF_KIND, stepAfter } from '../src/steps.ts';
import { createWake } from '../src/wake.ts';

describe('progress', () => {
  test('follows the ranges of features P3 and never goes back from step to step', () => {
    const at = ['loading', 'segmenting', 'removing_reflections', 'enhancing', 'saving'] as const;
    expect(at.map((step) => [progressOf('process', step, 0), progressOf('process', step, 1)])).toEqual([
      [0, 10],
      [10, 40],
      [40, 60],
      [60, 90],
      [90, 100],
    ]);
  });
  test('of an artwork follows U2', () => {
    expect(progressOf('fuse', 'loading', 0)).toBe(10);
    expect(progressOf('fuse', 'blending', 1)).toBe(80);
    expect(progressOf('compose', 'saving', 0)).toBe(90);
  });
  test.each([-1, 2, Number.NaN, Number.POSITIVE_INFINITY])('keeps its range when a service reports %d', (fraction) => {
    const progress = progressOf('process', 'enhancing', fraction);
    expect(progress).toBeGreaterThanOrEqual(60);
    expect(progress).toBeLessThanOrEqual(90);
  });
  test('is written at once, then at most five times a second, and the last report is not lost', async () => {
    const written: Array<{ at: number; ms: number }> = [];
    const last = Promise.withResolvers<void>();
    const startedAt = performance.now();
    using progress = throttleProgress(async (at: number) => {
      written.push({ at, ms: performance.now() - startedAt });
      if (at === 50) last.resolve();
    });
    for (let at = 1; at <= 50; at += 1) progress.report(at);
    await last.promise;
    expect(written.map(({ at }) => at)).toEqual([1, 50]);
    expect(written[1]!.ms).toBeGreaterThanOrEqual(190);
  });
});

test('every kind of job ends with saving, which nothing follows', () => {
  for (const [kind, steps] of Object.entries(STEPS_OF_KIND) as Array<[keyof typeof STEPS_OF_KIND, readonly string[]]>) {
    expect(steps.at(-1)).toBe('saving');
    expect(() => stepAfter(kind, 'saving')).toThrow();
  }
  expect(stepAfter('process', 'segmenting')).toBe('removing_reflections');
});

describe('a stream whose access token expires', () => {
  const expiresAt = new Date('2026-11-21T12:00:00Z');
  const caller = { kind: 'user', userId: 'u', sessionId: 's', expiresAt } as const;
  const guarded = (active: () => boolean, isEnded = (_: string) => false) => {
    let now = expiresAt.getTime() - 1;
    const asked: string[] = [];
    const check = sessionGuard({
      caller,
      isEnded,
      identity: {
        checkSession: async ({ sessionId }) => {
          asked.push(sessionId!);
          return { $typeName: 'irisvue.identity.v1.CheckSessionResponse', active: active() };
        },
      },
      clock: { now: () => new Date(now) },
      checkMs: 1_000,
    });
    const checkAfter = async (ms: number) => {
      now += ms;
      await check();
      return asked.length;
    };
    return checkAfter;
  };
  test('asks identity once it has, and then only every so often', async () => {
    const asksAfter = guarded(() => true);
    expect(await asksAfter(0)).toBe(0);
    expect(await asksAfter(1)).toBe(1);
    expect(await asksAfter(999)).toBe(1);
    expect(await asksAfter(1)).toBe(2);
  });
  test('ends before that when the session is known to have', async () => {
    const ended = new Set<string>();
    const asksAfter = guarded(
      () => true,
      (sessionId) => ended.has(sessionId),
    );
    await asksAfter(0);
    ended.add('s');
    await expect(asksAfter(0)).rejects.toMatchObject({ reason: ErrorReason.TOKEN_INVALID });
  });
  test('ends when the session has', async () => {
    const asksAfter = guarded(() => false);
    await asksAfter(0);
    const refused = asksAfter(1);
    await expect(refused).rejects.toBeInstanceOf(DomainError);
    await expect(refused).rejects.toMatchObject({ reason: ErrorReason.TOKEN_INVALID });
  });
});

describe('a wake', () => {
  const never = new AbortController().signal;
  test('remembers a ring from before the wait, and any number of rings are one', async () => {
    const wake = createWake();
    wake.ring();
    wake.ring();
    await wake.wait(60_000, never);
    const second = wake.wait(60_000, never).then(() => 'rung');
    expect(await Promise.race([second, new Promise((resolve) => setImmediate(resolve, 'silent'))])).toBe('silent');
    wake.ring();
    expect(await second).toBe('rung');
  });
  test('ends with its time and with its signal', async () => {
    const wake = createWake();
    await wake.wait(1, never);
    await wake.wait(60_000, AbortSignal.abort());
  });
});
