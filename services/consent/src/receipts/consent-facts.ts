import type { Database } from '@irisvue/database';
import type { Selectable } from 'kysely';
import type { JurisdictionName, PurposeName } from '../consent-enums.ts';
import type { ConsentEventsTable, ConsentTables } from '../schema.ts';
import { CONTROLLER, type RecordedEvent, type RecordFacts } from './record-facts.ts';

type ConsentEventRow = Selectable<ConsentEventsTable> & { readonly served_at: Date | null };

/** What is known about the grant or withdrawal with this id; undefined when it is none. */
export async function consentFacts(db: Database<ConsentTables>, id: string): Promise<RecordFacts | undefined> {
  const event = await events(db).where('consent_events.id', '=', id).executeTakeFirst();
  if (event === undefined) return undefined;
  const grant = event.state === 'granted' ? event : await grantBefore(db, event);
  return {
    id: event.id,
    principalId: event.principal_id,
    holder: event.given_by,
    purpose: event.purpose,
    jurisdiction: event.jurisdiction,
    notice: noticeOf(event),
    policy:
      grant?.policy_version && grant.policy_sha256
        ? { version: grant.policy_version, sha256: grant.policy_sha256 }
        : undefined,
    recipients: event.recipients,
    events: [...(grant === undefined ? [] : granting(grant)), ...(grant === event ? [] : [ending(event, grant)])],
  };
}

function events(db: Database<ConsentTables>) {
  return db
    .selectFrom('consent_events')
    .leftJoin('notices_served', 'notices_served.id', 'consent_events.notice_served_id')
    .selectAll('consent_events')
    .select('notices_served.served_at');
}

/** The grant that a withdrawal ended; undefined when it ended none. */
async function grantBefore(db: Database<ConsentTables>, event: ConsentEventRow): Promise<ConsentEventRow | undefined> {
  const before = await events(db)
    .where('consent_events.principal_id', '=', event.principal_id)
    .where('purpose', '=', event.purpose)
    .where('seq', '<', event.seq)
    .orderBy('seq', 'desc')
    .limit(1)
    .executeTakeFirst();
  return before?.state === 'granted' ? before : undefined;
}

function noticeOf({ notice_id: id, notice_version: version, notice_sha256: sha256 }: ConsentEventRow) {
  return id === null || version === null || sha256 === null ? undefined : { id, version, sha256 };
}

/** What was asked by a notice, and what was answered. */
function granting(grant: ConsentEventRow): RecordedEvent[] {
  const asked = { at: grant.served_at ?? grant.created_at, state: 'requested', type: 'explicit', entity: CONTROLLER };
  const given = { at: grant.created_at, state: 'given', type: typeOf(grant), entity: grant.given_by };
  return [asked, { ...given, ...signatureOf(grant) }] as RecordedEvent[];
}

// What was never given is not withdrawn but refused.
function ending(event: ConsentEventRow, grant: ConsentEventRow | undefined): RecordedEvent {
  const state = grant === undefined ? 'refused' : 'withdrawn';
  return { at: event.created_at, state, type: typeOf(event), entity: event.given_by };
}

function typeOf(event: ConsentEventRow): RecordedEvent['type'] {
  if (event.subject_kind === 'minor') return 'by_representative';
  return event.signature_sha256 === null ? 'explicit' : 'explicit_signed';
}

function signatureOf({ signature_sha256 }: ConsentEventRow) {
  return signature_sha256 === null ? {} : { signatureSha256: signature_sha256 };
}

/** The residence that a principal had last declared for a purpose when something happened; else the strictest. */
export async function jurisdictionOf(
  db: Database<ConsentTables>,
  principalId: string,
  purpose: PurposeName,
  at: Date,
): Promise<JurisdictionName> {
  const row = await db
    .selectFrom('consent_events')
    .select('jurisdiction')
    .where('principal_id', '=', principalId)
    .where('purpose', '=', purpose)
    .where('created_at', '<=', at)
    .orderBy('seq', 'desc')
    .limit(1)
    .executeTakeFirst();
  return row?.jurisdiction ?? 'strictest';
}
