import type { ConsentRecord } from '@irisvue/receipts';
import type { JurisdictionName, PurposeName } from '../consent-enums.ts';

/** What a record is about: one of the purposes of a consent, or a permission to somebody else. */
export type RecordPurpose = PurposeName | 'capture_by_another' | 'artwork_use';

/** Something that happened, as a record tells it. */
export interface RecordedEvent {
  readonly at: Date;
  readonly state: ConsentRecord['events'][number]['state'];
  readonly type: ConsentRecord['events'][number]['type'];
  /** A principal, or CONTROLLER. */
  readonly entity: string;
  /** When it ends by itself; undefined: never. */
  readonly until?: Date;
  readonly signatureSha256?: string;
}

/** What the tables know about an event; record-of.ts makes the record of it. */
export interface RecordFacts {
  /** The event's id. */
  readonly id: string;
  /** Of the subject. */
  readonly principalId: string;
  /** Principal of whoever gets the receipt: who chose. */
  readonly holder: string;
  readonly purpose: RecordPurpose;
  readonly jurisdiction: JurisdictionName;
  readonly notice?: { readonly id: string; readonly version: string; readonly sha256: string };
  readonly policy?: { readonly version: string; readonly sha256: string };
  /** Short names. */
  readonly recipients: readonly string[];
  readonly scope?: ConsentRecord['processing'][number]['scope'];
  /** In the order of time; the last one is the event itself. */
  readonly events: readonly RecordedEvent[];
}

/** Id of the party that is the operator. */
export const CONTROLLER = 'controller';
