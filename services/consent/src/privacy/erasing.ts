import { type Eraser, eraseEverywhere } from './erase-everywhere.ts';
import { ERASURES_CHANNEL } from './erasure-store.ts';
import { keepWorking, type LeasedWork } from './leased-work.ts';
import { leasesOf } from './leases.ts';
import type { ErasureRow } from './schema.ts';

/** Works on erasures until `signal` aborts, as keepWorking says. */
export function keepErasing(
  o: Eraser & Pick<LeasedWork<ErasureRow>, 'databaseUrl' | 'logger' | 'signal' | 'leaseMs'>,
): Promise<void> {
  const leases = leasesOf(o.db, 'erasures', ['blocking', 'erasing', 'purging', 'telling', 'verifying']);
  const carry = (erasure: ErasureRow, _worker: string, signal: AbortSignal) => eraseEverywhere(o, erasure, signal);
  return keepWorking({ ...o, name: 'erasure', channel: ERASURES_CHANNEL, leases, carry });
}
