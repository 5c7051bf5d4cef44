import type { RequestsTable } from '@irisvue/database';
import type { OutboxTable } from '@irisvue/events';
import type { SigningKeysTables } from '@irisvue/signing-keys';
import type { Generated, GeneratedAlways, Selectable } from 'kysely';
import type { ArtworkPermissionEventsTable } from './artwork/schema.ts';
import type { CaptureTables } from './capture/schema.ts';
import type { JurisdictionName, PurposeName, SubjectKindName } from './consent-enums.ts';

/** Every text that was ever in force, by its hash: evidence outlives the file. */
export interface NoticesTable {
  sha256: string;
  id: string;
  version: string;
  body: string;
  created_at: Generated<Date>;
}

/** Who a principal is. A row may be removed; nothing else says it. */
export interface PrincipalsTable {
  subject_id: string;
  subject_kind: SubjectKindName;
  principal_id: Generated<string>;
  created_at: Generated<Date>;
}

/** A notice that was shown to a user: apart from what they then chose. */
export interface NoticesServedTable {
  id: string;
  /** Of the user who was shown it. */
  principal_id: string;
  notice_sha256: string;
  served_at: Date;
}

/** Every retention policy that a notice was shown with, by the hash of its text. */
export interface RetentionPoliciesTable {
  sha256: string;
  version: string;
  language: string;
  in_force_at: Date;
  body: string;
  created_at: Generated<Date>;
}

/** A choice that was made. Rows are only ever added. */
export interface ConsentEventsTable {
  id: string;
  /** Order of events. */
  seq: GeneratedAlways<number>;
  /** Of the subject. */
  principal_id: string;
  subject_kind: SubjectKindName;
  /** Principal of whoever chose: the subject's own, or that of a minor's representative. */
  given_by: string;
  purpose: PurposeName;
  jurisdiction: JurisdictionName;
  state: 'granted' | 'withdrawn';
  /** The showing of the notice that a grant answers. Null for a withdrawal. */
  notice_served_id: string | null;
  notice_id: string | null;
  notice_version: string | null;
  notice_sha256: string | null;
  /** The retention policy in force when it was granted. */
  policy_sha256: string | null;
  policy_version: string | null;
  /** Short names of the recipients that a grant names. */
  recipients: Generated<string[]>;
  /** Whether whoever granted declared to be of full age. */
  full_age: Generated<boolean>;
  /** Binds the typed name beside the event to the notice; see signatures.ts. Null: not signed. */
  signature_sha256: string | null;
  created_at: Date;
}

/** A name that was typed as a signature, and what its digest was salted with; removed when the person is erased. */
export interface EventSignaturesTable {
  event_id: string;
  name: string;
  salt: string;
}

/** Where a choice came from, as the edge saw it. Never logged, never sent on; removed when the person is erased. */
export interface EventAddressesTable {
  event_id: string;
  ip_address: string;
}

/** The present state of each subject and purpose (a view, features F5). */
export interface ConsentsView {
  /** Id of the latest event. */
  id: string;
  seq: number;
  principal_id: string;
  subject_id: string;
  subject_kind: SubjectKindName;
  purpose: PurposeName;
  jurisdiction: JurisdictionName;
  granted: boolean;
  granted_at: Date | null;
  withdrawn_at: Date | null;
  notice_id: string | null;
  notice_version: string | null;
  notice_sha256: string | null;
  policy_version: string | null;
  recipients: string[];
  ip_address: string | null;
  created_at: Date;
}

/** A signed receipt. Rows are only ever added. */
export interface ReceiptsTable {
  /** Id of the event. */
  id: string;
  /** Of whoever chose. */
  holder_principal_id: string;
  /** JWS in compact form. */
  jws: string;
  event_at: Date;
}

export interface ConsentTables extends SigningKeysTables, CaptureTables {
  notices: NoticesTable;
  principals: PrincipalsTable;
  notices_served: NoticesServedTable;
  consent_events: ConsentEventsTable;
  event_addresses: EventAddressesTable;
  event_signatures: EventSignaturesTable;
  retention_policies: RetentionPoliciesTable;
  receipts: ReceiptsTable;
  consents: ConsentsView;
  artwork_permission_events: ArtworkPermissionEventsTable;
  requests: RequestsTable;
  outbox: OutboxTable;
}

export type ConsentRow = Selectable<ConsentsView>;
