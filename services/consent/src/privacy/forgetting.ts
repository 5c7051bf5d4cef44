import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from '@irisvue/runtime';
import type { PrivacyRequests } from './privacy-requests.ts';

const EVERY_MS = 6 * 3_600_000;

/** Forgets closed requests when their time is over, until `signal` aborts; then it resolves. It never rejects. */
export async function keepForgetting(o: {
  readonly requests: Pick<PrivacyRequests, 'forgetOld'>;
  readonly logger: Logger;
  readonly signal: AbortSignal;
}): Promise<void> {
  while (!o.signal.aborted) {
    await o.requests.forgetOld().catch((error: unknown) => {
      o.logger.warn({ err: error }, 'old privacy requests are not forgotten yet');
    });
    await delay(EVERY_MS, undefined, { signal: o.signal }).catch(() => undefined); // aborted: the loop's condition ends it
  }
}
