import { type AuditEntry, entryHash, NO_HASH } from './audit-entry.ts';
import type { StoredEntry } from './schema.ts';

/** How a chain can be broken. */
export type ChainProblem = 'changed' | 'missing' | 'inserted' | 'cut_off' | 'written_anew';

/** A place of the chain and the hash that it had. */
export interface Anchor {
  readonly seq: number;
  readonly hash: string;
}

/** What a walk along the chain found. */
export interface ChainReport {
  /** Entries that were walked. */
  readonly entries: number;
  /** The first break, and the place where it is. */
  readonly problem?: { readonly kind: ChainProblem; readonly seq: number };
}

/**
 * Walks a chain from its first entry and tells the first place where it breaks.
 *
 *  1) places go up by one: a gap is a missing entry;
 *  2) each entry has the hash of its text: else it was changed, or inserted when the next one links around it;
 *  3) each entry holds the hash and the place that follow from the one before: else, by what it holds instead, the one
 *     before was inserted or changed with its hash, or an entry is missing and the rest was moved up;
 *  4) the entry at the anchor's place has the anchor's hash: else the end was cut off, or all was written anew.
 */
export async function verifyChain(rows: AsyncIterable<StoredEntry>, anchor?: Anchor): Promise<ChainReport> {
  let entries = 0;
  let last: Link = { seq: 0, hash: NO_HASH, previous: undefined };
  let suspect: StoredEntry | undefined;
  let anchored: string | undefined;
  for await (const row of rows) {
    if (suspect !== undefined) {
      const kind = readEntry(row)?.previous === last.hash ? 'inserted' : 'changed';
      return { entries, problem: { kind, seq: suspect.seq } };
    }
    entries += 1;
    if (row.seq !== last.seq + 1) return { entries, problem: { kind: 'missing', seq: last.seq + 1 } };
    const entry = readEntry(row);
    if (entry === undefined || entryHash(row.entry) !== row.hash) {
      suspect = row; // the next entry tells which of the two it is
      continue;
    }
    const problem = linkProblem(row, entry, last);
    if (problem !== undefined) return { entries, problem };
    if (row.seq === anchor?.seq) anchored = row.hash;
    last = { seq: row.seq, hash: row.hash, previous: entry.previous };
  }
  if (suspect !== undefined) return { entries, problem: { kind: 'changed', seq: suspect.seq } };
  if (anchor === undefined || anchor.seq === 0) return { entries };
  if (anchored === undefined) return { entries, problem: { kind: 'cut_off', seq: last.seq + 1 } };
  return anchored === anchor.hash ? { entries } : { entries, problem: { kind: 'written_anew', seq: anchor.seq } };
}

interface Link {
  readonly seq: number;
  readonly hash: string;
  /** Undefined before the first entry. */
  readonly previous: string | undefined;
}

function linkProblem(row: StoredEntry, entry: AuditEntry, last: Link): ChainReport['problem'] {
  const linked = entry.previous === last.hash;
  if (linked && entry.seq === row.seq && entry.id === row.event_id) return undefined;
  if (linked) return { kind: 'changed', seq: row.seq };
  if (entry.seq === last.seq && entry.previous === last.previous) return { kind: 'inserted', seq: last.seq };
  if (entry.seq > row.seq) return { kind: 'missing', seq: row.seq };
  return { kind: 'changed', seq: Math.max(last.seq, 1) };
}

function readEntry(row: StoredEntry): AuditEntry | undefined {
  try {
    return JSON.parse(row.entry) as AuditEntry;
  } catch {
    return undefined; // whoever changed it left no JSON behind
  }
}
