import type { Database } from '@irisvue/database';
import type { Selectable, Transaction } from 'kysely';
import type { ConsentTables } from '../schema.ts';

/** The log. Rows are only ever added, one writer after the other. */
export interface AuditLogTable {
  /** Place in the chain: 1, 2, 3 … */
  seq: number;
  /** Of the event that it records: the same event comes in once. */
  event_id: string;
  /** The entry as canonical JSON: what the hash is of. */
  entry: string;
  /** SHA-256 of `entry`, which holds the hash of the entry before; hexadecimal. */
  hash: string;
}

export type AuditTables = {
  audit_log: AuditLogTable;
};

export type AuditDb = Database<ConsentTables & AuditTables>;
export type AuditTrx = Transaction<ConsentTables & AuditTables>;
export type StoredEntry = Selectable<AuditLogTable>;
