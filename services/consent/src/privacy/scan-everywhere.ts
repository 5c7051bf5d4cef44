import { countText, EVENT_STREAMS, type EventBus } from '@irisvue/events';
import type { Subject } from '../subjects.ts';
import { isOwnId } from './own-data.ts';
import type { Party, SubjectScan } from './parties.ts';
import type { CacheKeys } from './redis-keys.ts';

/** What was found in one part of the mesh. */
export interface PlacedScan extends SubjectScan {
  /** Name of a service, or "streams", "cache". */
  readonly place: string;
}

/** Looks for subjects in every service, the streams and the cache. */
export async function scanEverywhere(
  o: { readonly parties: readonly Party[]; readonly bus: EventBus; readonly cache: CacheKeys },
  subjects: readonly Subject[],
  signal?: AbortSignal,
): Promise<PlacedScan[]> {
  const scans: PlacedScan[] = [];
  for (const party of o.parties) {
    const found: SubjectScan[] = [];
    for (const subject of subjects) found.push(await party.scan(subject, signal));
    scans.push({ place: party.name, ...merged(found) });
  }
  const ids = [...new Set(subjects.filter(isOwnId).map((subject) => subject.id))];
  if (ids.length === 0) return scans;
  const streams = await countText(o.bus, ids);
  const found = streams.filter(({ count }) => count > 0);
  scans.push({
    place: 'streams',
    findings: found.map(({ stream, count }) => ({ place: `streams.${stream}`, count })),
    lookedAt: EVENT_STREAMS.map((stream) => `streams.${stream}`),
  });
  let keys = 0;
  for (const id of ids) keys += await o.cache.count(id);
  const findings = keys > 0 ? [{ place: 'cache.keys', count: keys }] : [];
  scans.push({ place: 'cache', findings, lookedAt: ['cache.keys'] });
  return scans;
}

function merged(scans: readonly SubjectScan[]): SubjectScan {
  return {
    findings: scans.flatMap((scan) => scan.findings),
    lookedAt: [...new Set(scans.flatMap((scan) => scan.lookedAt))],
  };
}
