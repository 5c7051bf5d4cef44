import { createHash } from 'node:crypto';
import { canonicalJson } from './canonical-json.ts';

/** What an entry says, before it has its place in the chain. */
export type AuditRecord = {
  /** Id of the event that told of it. */
  readonly id: string;
  /** When it was done; RFC 3339, UTC, milliseconds. */
  readonly time: string;
  readonly service: string;
  /** Name of the AuditAction. */
  readonly action: string;
  /** Name of the AuditOutcome. */
  readonly outcome: string;
  /** `principal:UUID`, `service:NAME`, `erased`, `nobody`. */
  readonly actor: string;
  readonly operator: boolean;
  /** Principals whose data it was done to. */
  readonly subjects: readonly string[];
  readonly resources: ReadonlyArray<{ readonly type: string; readonly id: string }>;
};

/** An entry in its place. */
export type AuditEntry = AuditRecord & {
  readonly seq: number;
  /** Hash of the entry before. */
  readonly previous: string;
};

/** What the first entry has for the hash of the one before. */
export const NO_HASH = '0'.repeat(64);

/** An entry as it is stored and hashed. */
export function writeEntry(entry: AuditEntry): { readonly text: string; readonly hash: string } {
  const text = canonicalJson(entry);
  return { text, hash: entryHash(text) };
}

/** SHA-256 of an entry's text (UTF-8), 64 hexadecimal digits. */
export function entryHash(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
