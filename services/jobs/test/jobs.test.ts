import { create } from '@bufbuild/protobuf';
import { RejectionReason, RejectionSchema } from '@irisvue/contracts/irisvue/media/v1/media';
import { describe, expect, test } from 'vitest';
import {
  type JobHappening,
  type JobState,
  MAX_CRASHES,
  MAX_OUTAGE_MS,
  MAX_RETRY_DELAY_MS,
  nextState,
  priorityInBatch,
  retryDelayMs,
} from '../src/jobs.ts';

const rejection = create(RejectionSchema, {
  reason: RejectionReason.NO_EYE,
  message: 'Iris not detected clearly',
  suggestion: 'Hold the camera closer.',
});
const HAPPENINGS: readonly JobHappening[] = [
  { type: 'claimed' },
  { type: 'handed_back', delayMs: 10 },
  { type: 'broke', delayMs: 20 },
  { type: 'crashed' },
  { type: 'refused', rejection },
  { type: 'failed', message: 'Something went wrong.' },
  { type: 'completed' },
  { type: 'cancelled', reason: 'Consent was withdrawn' },
];
const job = (status: JobState['status'], counts: Partial<JobState> = {}): JobState => ({
  status,
  retries: 0,
  crashes: 0,
  outMs: 0,
  ...counts,
});
const after = (state: JobState, type: JobHappening['type']) =>
  nextState(state, HAPPENINGS.find((happening) => happening.type === type)!);

describe('an ended job', () => {
  test.each(['completed', 'failed', 'cancelled'] as const)('%s stays as it is, whatever happens', (status) => {
    for (const happening of HAPPENINGS) expect(nextState(job(status), happening)).toBeUndefined();
  });
});

describe('a pending job', () => {
  test('can be claimed and cancelled, and nothing else', () => {
    expect(after(job('pending'), 'claimed')).toEqual({ status: 'processing' });
    expect(after(job('pending'), 'cancelled')).toEqual({ status: 'cancelled', message: 'Consent was withdrawn' });
    const others = HAPPENINGS.filter(({ type }) => type !== 'claimed' && type !== 'cancelled');
    expect(others.map((happening) => nextState(job('pending'), happening))).toEqual(others.map(() => undefined));
  });
});

describe('a job that a runner has', () => {
  test('cannot be claimed again', () => {
    expect(after(job('processing'), 'claimed')).toBeUndefined();
  });
  test('goes back uncounted when it is handed back', () => {
    const state = job('processing', { retries: 1, crashes: 3 });
    expect(after(state, 'handed_back')).toEqual({
      status: 'pending',
      retries: 1,
      crashes: 3,
      delayMs: 10,
      isOut: false,
    });
  });
  test('waits for what is down, however often it tries, until the outage has lasted too long', () => {
    const waiting = { status: 'pending', crashes: 3, delayMs: 20, isOut: true };
    for (const retries of [0, 1, 100]) {
      const state = job('processing', { retries, crashes: 3, outMs: MAX_OUTAGE_MS - 1 });
      expect(after(state, 'broke')).toEqual({ ...waiting, retries: retries + 1 });
    }
    expect(after(job('processing', { outMs: MAX_OUTAGE_MS }), 'broke')).toMatchObject({
      status: 'failed',
      errorType: 'transient_error',
    });
  });
  test('is taken up five times after a crash, and crashes are no retries', () => {
    let state = job('processing', { retries: 1 });
    for (let crash = 1; crash <= MAX_CRASHES; crash += 1) {
      const change = after(state, 'crashed');
      expect(change).toMatchObject({ status: 'pending', retries: 1, crashes: crash });
      state = { ...state, crashes: crash };
    }
    expect(after(state, 'crashed')).toMatchObject({ status: 'failed', errorType: 'server_error' });
  });
  test('ends for good when the photo is refused, with the words of the refusal', () => {
    expect(after(job('processing'), 'refused')).toEqual({
      status: 'failed',
      errorType: 'quality_issue',
      message: 'Iris not detected clearly',
      suggestion: 'Hold the camera closer.',
      rejection,
    });
  });
  test('completes, fails and is cancelled', () => {
    expect(after(job('processing'), 'completed')).toEqual({ status: 'completed' });
    expect(after(job('processing'), 'failed')).toMatchObject({ status: 'failed', errorType: 'server_error' });
    expect(after(job('processing'), 'cancelled')).toMatchObject({ status: 'cancelled' });
  });
});

describe('the delay of a retry', () => {
  test('grows exponentially, with jitter on its upper half', () => {
    expect(retryDelayMs(1, 5_000, 0)).toBe(5_000);
    expect(retryDelayMs(1, 5_000, 0.999)).toBeLessThanOrEqual(10_000);
    expect(retryDelayMs(2, 5_000, 0)).toBe(10_000);
  });
  test('is at most 30 s', () => {
    expect(retryDelayMs(30, 5_000, 0.999999)).toBeLessThanOrEqual(MAX_RETRY_DELAY_MS);
  });
});

test('the first photo of a batch is the most urgent, the tenth the least', () => {
  expect([0, 1, 9, 10].map(priorityInBatch)).toEqual([9, 8, 0, 0]);
});
