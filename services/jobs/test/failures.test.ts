import { Code, ConnectError } from '@connectrpc/connect';
import { DomainError, ErrorReason, toConnectError } from '@irisvue/runtime';
import { expect, test } from 'vitest';
import { LeaseLost } from '../src/queue-store.ts';
import { type Circumstances, happeningOf, RunnerStops, TimeLimitReached } from '../src/runner/failures.ts';

const at = (o: Partial<Circumstances> = {}): Circumstances => ({
  abortReason: undefined,
  answering: false,
  service: 'segmentation',
  retries: 0,
  retryBaseMs: 1_000,
  random: 0,
  ...o,
});
const wire = (reason: ErrorReason, metadata: Record<string, string> = {}) =>
  toConnectError(new DomainError(reason, 'for developers', metadata));

test('no free slot hands the job back for as long as the service says', () => {
  const full = wire(ErrorReason.NO_FREE_SLOT, { retry_after_ms: '750' });
  expect(happeningOf(full, at())).toEqual({ type: 'handed_back', delayMs: 750 });
});

test('a missing consent cancels', () => {
  const happening = happeningOf(wire(ErrorReason.CONSENT_REQUIRED), at());
  expect(happening).toEqual({ type: 'cancelled', reason: 'Consent was withdrawn' });
});

test('a service that is not there is a transient failure; one that goes away while it answers crashed', () => {
  const down = wire(ErrorReason.DEPENDENCY_DOWN, { dependency: 'segmentation' });
  expect(happeningOf(down, at())).toEqual({ type: 'broke', delayMs: 1_000 });
  expect(happeningOf(down, at({ answering: true }))).toEqual({ type: 'crashed' });
});

test('what the service itself cannot reach is transient, also while it answers', () => {
  const down = wire(ErrorReason.DEPENDENCY_DOWN, { dependency: 'object store' });
  expect(happeningOf(down, at({ answering: true }))).toMatchObject({ type: 'broke' });
});

test('our own database is nothing to count against the job; a service’s database is something that is down', () => {
  const metadata = { dependency: 'database' };
  const ours = new DomainError(ErrorReason.DEPENDENCY_DOWN, 'out of reach', metadata);
  expect(happeningOf(ours, at())).toEqual({ type: 'handed_back', delayMs: 1_000 });
  expect(happeningOf(wire(ErrorReason.DEPENDENCY_DOWN, metadata), at())).toMatchObject({ type: 'broke' });
});

test('a slot that died crashed, whenever it did', () => {
  const died = wire(ErrorReason.DEPENDENCY_DOWN, { dependency: 'slot' });
  expect(happeningOf(died, at())).toEqual({ type: 'crashed' });
});

test.each([Code.Aborted, Code.Internal, Code.Unknown, Code.Canceled])(
  'a stream that breaks with code %i and no reason crashed',
  (code) => {
    expect(happeningOf(new ConnectError('stream closed', code), at({ answering: true }))).toEqual({ type: 'crashed' });
  },
);

test.each([Code.Unavailable, Code.Aborted, Code.Canceled])(
  'a stream that breaks with code %i before it answers is a transient failure',
  (code) => {
    expect(happeningOf(new ConnectError('stream closed', code), at())).toEqual({ type: 'broke', delayMs: 1_000 });
  },
);

test('anything else is our fault, and its message leaks nothing', () => {
  for (const error of [new Error('password=hunter2'), wire(ErrorReason.INTERNAL), wire(ErrorReason.NOT_ALLOWED)]) {
    expect(happeningOf(error, at({ answering: true }))).toEqual({
      type: 'failed',
      message: 'Something went wrong on our side.',
    });
  }
});

test('why the work was ended counts more than what its last call threw', () => {
  const error = new ConnectError('aborted', Code.Canceled);
  const lease = { jobId: 'j', attempt: 1, holder: 'h' };
  expect(happeningOf(error, at({ abortReason: new RunnerStops() }))).toEqual({ type: 'handed_back', delayMs: 0 });
  expect(happeningOf(error, at({ abortReason: new TimeLimitReached() }))).toMatchObject({ type: 'failed' });
  expect(happeningOf(error, at({ abortReason: new LeaseLost(lease) }))).toBeUndefined();
  expect(happeningOf(new LeaseLost(lease), at())).toBeUndefined();
});
