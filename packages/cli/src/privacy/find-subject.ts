import { createClient } from '@connectrpc/connect';
import { SubjectKind } from '@irisvue/contracts/irisvue/consent/v1/consent_service';
import { PrivacyService, type SubjectScan } from '@irisvue/contracts/irisvue/privacy/v1/privacy_service';
import { signIn } from '../account.ts';
import type { RunContext } from '../main.ts';
import { atGateway, openPrivacy } from './erase.ts';
import { keptErasure } from './kept-erasures.ts';

/** Exit code for a subject of whom something is left. */
const FOUND = 3;

/**
 * Looks for a subject everywhere and prints each place that was looked at. Without a subject: the one of the latest
 * erasure of this home. Sets the exit code to 3 when something is found.
 */
export async function findSubject(
  run: RunContext,
  o: { readonly subject?: string; readonly erasure?: string; readonly minor?: boolean },
): Promise<void> {
  const { home } = run.settings;
  const kept = await keptErasure(home, o.erasure).catch((error: unknown) => {
    if (o.subject === undefined || o.erasure !== undefined) throw error;
    return undefined;
  });
  const erased = kept !== undefined && (o.subject === undefined || kept.subject.id === o.subject) ? kept : undefined;
  await atGateway(run, async (gatewayUrl) => {
    if (erased !== undefined) {
      print((await openPrivacy(gatewayUrl).findErasedSubject(erased, { signal: run.signal })).scans);
      return;
    }
    const { transport } = await signIn(gatewayUrl, home);
    const subject = { id: o.subject!, kind: o.minor ? SubjectKind.MINOR : SubjectKind.SELF };
    print((await createClient(PrivacyService, transport).findSubject({ subject }, { signal: run.signal })).scans);
  });
}

function print(scans: readonly SubjectScan[]): void {
  const rows = scans.flatMap(({ findings, lookedAt }) => {
    const counts = new Map(lookedAt.map((place) => [place, 0]));
    for (const { place, count } of findings) counts.set(place, count);
    return [...counts];
  });
  const width = Math.max(...rows.map(([place]) => place.length), 0);
  for (const [place, count] of rows) console.log(`${place.padEnd(width)}  ${count === 0 ? 'nothing' : count}`);
  const found = rows.filter(([, count]) => count > 0).length;
  console.log(`${rows.length} places looked at, something found in ${found}`);
  if (found > 0) process.exitCode = FOUND;
}
