import type { Logger } from '@irisvue/runtime';
import type { Wake } from '../wake.ts';
import { type Settling, settleWithdrawn } from './settle-withdrawn.ts';
import { type Mailer, tellOthers } from './tell-others.ts';

export interface SettleOptions extends Settling {
  readonly identity: Mailer;
  readonly logger: Logger;
}

/**
 * Settles works that somebody withdrew an iris from, and tells the others, until `signal` aborts: every `everyMs`, and
 * at once when `wake` rings.
 */
export async function keepSettling(
  o: SettleOptions & {
    readonly everyMs: number;
    readonly wake: Wake;
    readonly onRemade: () => void;
    readonly signal: AbortSignal;
  },
): Promise<void> {
  while (!o.signal.aborted) {
    try {
      const settled = await settleWithdrawn(o);
      if (settled > 0) {
        o.logger.info({ settled }, 'works were settled without an iris that was withdrawn');
        o.onRemade();
      }
      await tellOthers(o);
    } catch (error) {
      o.logger.warn({ err: error }, 'settling works broke off; the next round goes on');
    }
    await o.wake.wait(o.everyMs, o.signal);
  }
}
