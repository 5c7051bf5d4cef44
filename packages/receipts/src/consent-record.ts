import { z } from 'zod';

// The one definition of a consent record: structure and mandatory fields of ISO/IEC TS 27560:2023, as JSON. Whoever acts
// is named by a principal id, a pseudonym; nothing here names a person.

/** What `header.schema_version` says. */
export const RECORD_SCHEMA = 'ISO/IEC TS 27560:2023';

const notice = z.strictObject({
  id: z.string(),
  version: z.string(),
  /** BCP 47. */
  language: z.string(),
  /** Of the text as it was shown. */
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
});

const personalData = z.strictObject({
  type: z.string(),
  /** GDPR article 9. Present where the law has special categories. */
  special_category: z.boolean().optional(),
});

const retentionPeriod = z.strictObject({
  /** In words: what ends it first. */
  description: z.string(),
  months_after_last_interaction: z.int().optional(),
  months_after_purpose: z.int().optional(),
  policy: z.strictObject({ version: z.string(), sha256: z.string() }).optional(),
});

/** What a permission is about, beside its purpose. Ids only. */
const scope = z.strictObject({
  /** Who is permitted: a principal id. */
  grantee: z.uuid(),
  photo_id: z.uuid().optional(),
  artwork_id: z.uuid().optional(),
  circle_id: z.uuid().optional(),
  /** fusion or composition; absent: both. */
  artwork_purpose: z.string().optional(),
});

const processing = z.strictObject({
  purpose: z.string(),
  purpose_description: z.string(),
  /** Absent only where none was shown: a refusal, or a permission beside a consent. */
  notice: notice.optional(),
  /** Mandatory under the GDPR. */
  lawful_basis: z.string().optional(),
  personal_data: z.array(personalData).min(1),
  /** Ids of parties. */
  controllers: z.array(z.string()).min(1),
  storage_locations: z.array(z.string()).min(1),
  retention_period: retentionPeriod,
  jurisdiction: z.strictObject({ code: z.string(), law: z.string() }),
  /** Ids of parties outside that something may be disclosed to. */
  third_party_recipients: z.array(z.string()),
  withdrawal_method: z.string(),
  scope: scope.optional(),
});

const party = z.strictObject({
  id: z.string(),
  name: z.string(),
  address: z.string(),
  contact: z.string(),
  type: z.enum(['controller', 'third_party_recipient']),
});

const event = z.strictObject({
  time: z.iso.datetime(),
  /** From when it holds, and until when; null: until it is withdrawn. */
  validity: z.strictObject({ from: z.iso.datetime(), until: z.iso.datetime().nullable() }),
  /** Who caused it: a principal id, or the id of a party. */
  entity: z.string(),
  /** How: explicitly, or explicitly with a signature, or by a representative. */
  type: z.enum(['explicit', 'explicit_signed', 'by_representative']),
  state: z.enum(['requested', 'given', 'refused', 'withdrawn', 'expired']),
  /** Binds a typed name to the notice; the name itself lies elsewhere. */
  signature_sha256: z.string().optional(),
});

export const consentRecord = z.strictObject({
  header: z.strictObject({
    schema_version: z.literal(RECORD_SCHEMA),
    /** The event that the record is about. */
    record_id: z.uuid(),
    /** The subject. */
    principal_id: z.uuid(),
  }),
  processing: z.array(processing).min(1),
  parties: z.array(party).min(1),
  /** In the order of time; the last one is the one that the record is about. */
  events: z.array(event).min(1),
});

/** A consent record: the payload of a receipt. */
export type ConsentRecord = Readonly<z.infer<typeof consentRecord>>;
