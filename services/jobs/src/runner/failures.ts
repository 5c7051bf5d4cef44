import { Code, ConnectError } from '@connectrpc/connect';
import { DomainError, ErrorReason, errorDetail } from '@irisvue/runtime';
import { CONSENT_WITHDRAWN, type JobHappening, retryDelayMs } from '../jobs.ts';
import { LeaseLost } from '../queue-store.ts';

/** The runner stops: what it holds goes back to the queue. */
export class RunnerStops extends Error {}
/** The job ran longer than its kind may. */
export class TimeLimitReached extends Error {}

const SOMETHING_FAILED = 'Something went wrong on our side.';
const TOOK_TOO_LONG = 'The work took too long and was stopped.';

/** Wait after our own database was out of reach. */
const DATABASE_WAIT_MS = 1_000;
/** Wait after NO_FREE_SLOT when the service does not say how long. */
const DEFAULT_SLOT_WAIT_MS = 500;

/** What a broken call of a vision service looks like when the service itself went away: no reason is attached. */
const TRANSPORT_CODES: readonly Code[] = [
  Code.Unavailable,
  Code.Aborted,
  Code.Canceled,
  Code.Internal,
  Code.Unknown,
  Code.DataLoss,
];

/** Where a job was when it broke off. */
export interface Circumstances {
  /** Why the job's signal aborted, if it did. */
  readonly abortReason: unknown;
  /** The service had begun to answer: it held the step. */
  readonly answering: boolean;
  /** Name of the vision service whose step it was, if any. */
  readonly service: string | undefined;
  readonly retries: number;
  readonly retryBaseMs: number;
  /** In [0, 1). */
  readonly random: number;
}

/**
 * What an error means for its job (features P7). Undefined: nothing, because the job is no longer this runner's.
 *
 * A crash is told from something that is down by whether the service held the step: a call that breaks off while it
 * is being answered lost its process; one that never was answered found nobody.
 */
export function happeningOf(error: unknown, at: Circumstances): JobHappening | undefined {
  if (at.abortReason instanceof RunnerStops) return { type: 'handed_back', delayMs: 0 };
  if (at.abortReason instanceof TimeLimitReached) return { type: 'failed', message: TOOK_TOO_LONG };
  if (at.abortReason !== undefined || error instanceof LeaseLost) return undefined;
  const detail = errorDetail(error);
  const broke = { type: 'broke', delayMs: retryDelayMs(at.retries + 1, at.retryBaseMs, at.random) } as const;
  switch (detail?.reason) {
    case ErrorReason.NO_FREE_SLOT:
      return { type: 'handed_back', delayMs: Number(detail.metadata['retry_after_ms']) || DEFAULT_SLOT_WAIT_MS };
    case ErrorReason.CONSENT_REQUIRED:
      return { type: 'cancelled', reason: CONSENT_WITHDRAWN };
    case ErrorReason.DEPENDENCY_DOWN: {
      const { dependency } = detail.metadata;
      // Our own database: nobody else's fault, and nothing to count against the job.
      if (error instanceof DomainError && dependency === 'database') {
        return { type: 'handed_back', delayMs: DATABASE_WAIT_MS };
      }
      const died = dependency === 'slot' || (at.answering && dependency === at.service);
      return died ? { type: 'crashed' } : broke;
    }
    case undefined: {
      const code = error instanceof ConnectError ? error.code : undefined;
      if (code === undefined || !TRANSPORT_CODES.includes(code)) break;
      if (at.answering) return { type: 'crashed' };
      // Canceled, and not by us: the connection that the call waited on was given up.
      if (code === Code.Unavailable || code === Code.Aborted || code === Code.Canceled) return broke;
      break;
    }
  }
  return { type: 'failed', message: SOMETHING_FAILED };
}
