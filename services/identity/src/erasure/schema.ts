import type { Database } from '@irisvue/database';
import type { CirclesTables } from '../circles/schema.ts';
import type { IdentityTables } from '../schema.ts';

/** Accounts that are being erased or were. */
export interface TombstonesTable {
  /** SHA-256 of `kind/id`, hexadecimal: the row outlives the account and must not name it. */
  subject_sha256: string;
  erasure_id: string;
  blocked_at: Date;
}

export type ErasureTables = IdentityTables & CirclesTables & { tombstones: TombstonesTable };
export type ErasureDb = Database<ErasureTables>;
