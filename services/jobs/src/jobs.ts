import type { Rejection } from '@irisvue/contracts/irisvue/media/v1/media';
import type { ErrorTypeName, JobStatusName } from './schema.ts';

/**
 * An outage of something that a job needs is waited out for this long, from when the job first met it until it is tried
 * for the last time. A step that gets done ends the outage.
 */
export const MAX_OUTAGE_MS = 30 * 60_000;
/** A job whose process crashed is taken up again this often (features P7). */
export const MAX_CRASHES = 5;
/** What the owner of a job that a withdrawn consent ended reads. */
export const CONSENT_WITHDRAWN = 'Consent was withdrawn';
/** A job in an outage looks again this often at the least, so that it soon goes on when the outage is over. */
export const MAX_RETRY_DELAY_MS = 30_000;
/** A crashed job waits this long, so that what crashed can come back. */
const CRASH_DELAY_MS = 500;

/** What the rules look at. */
export interface JobState {
  readonly status: JobStatusName;
  /** Tries within the present outage. */
  readonly retries: number;
  readonly crashes: number;
  /** How long the present outage has lasted, in milliseconds; 0 when there is none. */
  readonly outMs: number;
}

/** What can happen to a job. */
export type JobHappening =
  /** A runner takes it up. */
  | { readonly type: 'claimed' }
  /** Its runner gives it back undone: no slot was free, or the runner stops. Counts as nothing. */
  | { readonly type: 'handed_back'; readonly delayMs: number }
  /** Something it needs was down: an outage. Counts as nothing, and lasts MAX_OUTAGE_MS at most. */
  | { readonly type: 'broke'; readonly delayMs: number }
  /** A process died while it held the job. */
  | { readonly type: 'crashed' }
  /** The photo cannot be used. */
  | { readonly type: 'refused'; readonly rejection: Rejection }
  /** Our fault, and not worth a retry. */
  | { readonly type: 'failed'; readonly message: string }
  | { readonly type: 'completed' }
  /** By its owner (no reason) or by a withdrawn consent. */
  | { readonly type: 'cancelled'; readonly reason?: string };

/** What a happening makes of a job. */
export type JobChange =
  | { readonly status: 'processing' }
  | {
      readonly status: 'pending';
      readonly retries: number;
      readonly crashes: number;
      readonly delayMs: number;
      /** An outage begins, or goes on. */
      readonly isOut: boolean;
    }
  | { readonly status: 'completed' }
  | {
      readonly status: 'failed';
      readonly errorType: ErrorTypeName;
      readonly message: string;
      readonly suggestion: string;
      readonly rejection?: Rejection;
    }
  | { readonly status: 'cancelled'; readonly message?: string };

const TRY_LATER = 'Please submit the photo again in a few minutes.';
const OUR_FAULT = 'The fault is ours, not your photo’s. Please submit it again.';

/** Whether nothing happens to a job any more. */
export function hasEnded(status: JobStatusName): boolean {
  return status === 'completed' || status === 'failed' || status === 'cancelled';
}

/**
 * The state machine of a job. Undefined: the happening changes nothing, because the job has ended or is not in the
 * state that it can happen in; whoever reports it is late.
 *
 *   pending ── claimed ──▶ processing ── completed · refused · failed ──▶ ended
 *      ▲                        │
 *      └── handed_back · broke · crashed (within their limits; beyond them: failed)
 *   pending, processing ── cancelled ──▶ ended
 */
export function nextState(job: JobState, happening: JobHappening): JobChange | undefined {
  if (hasEnded(job.status)) return undefined;
  if (happening.type === 'cancelled') return { status: 'cancelled', message: happening.reason };
  if (happening.type === 'claimed') return job.status === 'pending' ? { status: 'processing' } : undefined;
  if (job.status !== 'processing') return undefined;
  const { retries, crashes } = job;
  switch (happening.type) {
    case 'handed_back':
      return { status: 'pending', retries, crashes, delayMs: happening.delayMs, isOut: false };
    case 'broke':
      return job.outMs < MAX_OUTAGE_MS
        ? { status: 'pending', retries: retries + 1, crashes, delayMs: happening.delayMs, isOut: true }
        : failure('transient_error', 'Something that is needed stayed out of reach.', TRY_LATER);
    case 'crashed':
      return crashes < MAX_CRASHES
        ? { status: 'pending', retries, crashes: crashes + 1, delayMs: CRASH_DELAY_MS, isOut: false }
        : failure('server_error', 'The work broke off again and again.', OUR_FAULT);
    case 'refused': {
      const { message, suggestion } = happening.rejection;
      return { ...failure('quality_issue', message, suggestion), rejection: happening.rejection };
    }
    case 'failed':
      return failure('server_error', happening.message, OUR_FAULT);
    case 'completed':
      return { status: 'completed' };
    default:
      return happening satisfies never;
  }
}

function failure(errorType: ErrorTypeName, message: string, suggestion: string) {
  return { status: 'failed', errorType, message, suggestion } as const;
}

/**
 * How long to wait before retry number `retry` (1 …): exponential from `baseMs`, at most 30 s, with full jitter on
 * its upper half, so that jobs that broke together do not come back together. `random` is in [0, 1).
 */
export function retryDelayMs(retry: number, baseMs: number, random: number): number {
  const ceiling = Math.min(baseMs * 2 ** retry, MAX_RETRY_DELAY_MS);
  return Math.round(ceiling / 2 + (ceiling / 2) * random);
}

/** Priority of the photo at `index` (0 …) of a batch: the first is the most urgent, 9, the tenth 0. */
export function priorityInBatch(index: number): number {
  return Math.max(9 - index, 0);
}
