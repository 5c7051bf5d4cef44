import type { Database } from '@irisvue/database';
import type { Generated, GeneratedAlways, Selectable, Transaction } from 'kysely';
import type { AuditTables } from '../audit/schema.ts';
import type { JurisdictionName, SubjectKindName } from '../consent-enums.ts';
import type { ConsentTables } from '../schema.ts';
import type { WithTombstones } from '../tombstones.ts';

/** What a person asked for about their data, with its clock. */
export interface PrivacyRequestsTable {
  /** Also the id of the erasure or export. */
  id: string;
  kind: 'erasure' | 'export';
  principal_id: string;
  jurisdiction: JurisdictionName;
  created_at: Date;
  confirm_due_at: Date | null;
  confirmed_at: Date;
  due_at: Date;
  extended_at: Date | null;
  completed_at: Date | null;
}

export interface PrivacyRequestEventsTable {
  request_id: string;
  seq: GeneratedAlways<number>;
  what: 'received' | 'confirmed' | 'extended' | 'completed' | 'withdrawn';
  happened_at: Date;
}

export type ErasureStateName = 'blocking' | 'erasing' | 'purging' | 'telling' | 'verifying' | 'completed';

export interface ErasuresTable {
  id: string;
  state: ErasureStateName;
  /** Digest of the subject that it was asked for; see tombstones.ts. */
  subject_sha256: string;
  principal_id: string;
  erased_rows: Generated<number>;
  purged_messages: Generated<number>;
  /** What it waits for; empty: nothing. */
  waiting_for: Generated<string>;
  /** Tries in a row that failed. */
  failures: Generated<number>;
  next_try_at: Generated<Date>;
  /** The worker that has it in hand, and until when. */
  leased_by: string | null;
  leased_until: Date | null;
  created_at: Date;
  completed_at: Date | null;
  certificate: string | null;
}

export interface ErasureSubjectsTable {
  erasure_id: string;
  subject_id: string;
  subject_kind: SubjectKindName;
  principal_id: string;
}

export interface ErasureObjectsTable {
  erasure_id: string;
  id: string;
  service: string;
  kind: string;
  sha256: string;
  size_bytes: number;
}

export interface ErasureJointWorksTable {
  erasure_id: string;
  artwork_id: string;
  outcome: 'deleted' | 'remade';
  /** Who is to be told; emptied when they were. */
  other_user_ids: string[];
  told: Generated<number>;
}

export interface ErasureRecipientsTable {
  erasure_id: string;
  recipient: string;
  outcome: string;
  told_at: Date;
}

export type ExportStateName = 'pending' | 'packing' | 'completed' | 'deleted' | 'blocked';

export interface ExportsTable {
  id: string;
  /** Who asked for it, and whom its links are handed to. */
  user_id: string;
  subject_id: string;
  subject_kind: SubjectKindName;
  principal_id: string;
  /** Language of the explanations in the archive. */
  language: 'en' | 'de';
  /** `deleted`: the archive is out of reach; `blocked`: it is, because its subject is being erased. */
  state: ExportStateName;
  /** Counts the tries to pack it. Each writes an object of its own: see packages/storage, keys.ts. */
  attempt: Generated<number>;
  /** Files to be packed, as counted when packing began; an estimate. */
  expected_files: Generated<number>;
  /** Files that are packed. */
  files: Generated<number>;
  /** Of the archive. Null before it is completed. */
  size_bytes: number | null;
  sha256: string | null;
  /** Links of an earlier epoch are dead. */
  link_epoch: Generated<number>;
  waiting_for: Generated<string>;
  failures: Generated<number>;
  next_try_at: Generated<Date>;
  leased_by: string | null;
  leased_until: Date | null;
  created_at: Date;
  completed_at: Date | null;
  expires_at: Date | null;
}

export type PrivacyTables = {
  privacy_requests: PrivacyRequestsTable;
  privacy_request_events: PrivacyRequestEventsTable;
  erasures: ErasuresTable;
  erasure_subjects: ErasureSubjectsTable;
  erasure_objects: ErasureObjectsTable;
  erasure_joint_works: ErasureJointWorksTable;
  erasure_recipients: ErasureRecipientsTable;
  exports: ExportsTable;
};

export type PrivacyDb = Database<ConsentTables & AuditTables & WithTombstones & PrivacyTables>;
export type PrivacyTrx = Transaction<ConsentTables & AuditTables & WithTombstones & PrivacyTables>;
export type ErasureRow = Selectable<ErasuresTable>;
export type ExportRow = Selectable<ExportsTable>;
export type PrivacyRequestRow = Selectable<PrivacyRequestsTable>;
