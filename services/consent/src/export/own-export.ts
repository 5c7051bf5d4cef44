import { listChain } from '../audit/audit-chain.ts';
import type { AuditEntry } from '../audit/audit-entry.ts';
import { findPrincipal } from '../principals.ts';
import type { ExportItem } from '../privacy/parties.ts';
import type { PrivacyDb } from '../privacy/schema.ts';
import { isPerson, type Subject } from '../subjects.ts';
import { type ExportedReceipts, receiptItems } from './receipt-items.ts';

/** Entries of the audit log in one document. */
const AUDIT_PAGE = 1_000;

/**
 * What consent holds about a subject, as files of an archive:
 *
 *     consent/choices.json                    every consent that was given or withdrawn, in order
 *     consent/notices/…, consent/policies/…   the texts that were shown
 *     consent/receipts/{event}.jws            the signed receipts, and receipt-keys.json, which verifies them
 *     consent/permissions.json                use of irises in artworks: asked, given, refused, withdrawn
 *     consent/captures.json                   who may photograph whom
 *     consent/minors.json, invitations.json   whom the subject speaks for, and links that were handed out
 *     privacy/requests.json                   requests about one's data, with their log
 *     privacy/audit-1.json                    who did what to the data
 *
 * Other people are named nowhere: they stand as "another person".
 */
export async function* exportOwn(
  o: { readonly db: PrivacyDb; readonly receipts: ExportedReceipts },
  subject: Subject,
): AsyncGenerator<ExportItem> {
  const { db } = o;
  const principalId = await findPrincipal(db, subject);
  if (principalId === undefined) return;
  const choices = await choicesOf(db, principalId);
  yield json('consent/choices.json', { principalId, choices });
  yield* textItems(db, principalId);
  yield* receiptItems(db, o.receipts, principalId);
  yield json('consent/permissions.json', await permissionsOf(db, principalId));
  yield json('consent/captures.json', await capturesOf(db, principalId));
  if (isPerson(subject)) yield* accountItems(db, subject.id);
  yield json('privacy/requests.json', await requestsOf(db, principalId));
  yield* auditItems(db, principalId);
}

/** A document of an export. */
function json(path: string, value: unknown): ExportItem {
  return { path, content: { text: JSON.stringify(value, null, 2) } };
}

function choicesOf(db: PrivacyDb, principalId: string) {
  return db
    .selectFrom('consent_events')
    .leftJoin('event_addresses', 'event_addresses.event_id', 'consent_events.id')
    .leftJoin('event_signatures', 'event_signatures.event_id', 'consent_events.id')
    .select(['consent_events.id', 'created_at as time', 'state', 'purpose', 'jurisdiction', 'recipients'])
    .select(['full_age as fullAge', 'notice_id as noticeId', 'notice_version as noticeVersion'])
    .select(['notice_sha256 as noticeSha256', 'policy_version as policyVersion', 'policy_sha256 as policySha256'])
    .select(['ip_address as ipAddress', 'name as signedName', 'signature_sha256 as signatureSha256'])
    .where('principal_id', '=', principalId)
    .orderBy('seq')
    .execute();
}

/** Every notice and policy that a choice names, as it was shown, and when notices were shown. */
async function* textItems(db: PrivacyDb, principalId: string): AsyncGenerator<ExportItem> {
  const served = await db
    .selectFrom('notices_served')
    .select(['served_at as time', 'notice_sha256 as noticeSha256'])
    .where('principal_id', '=', principalId)
    .orderBy('served_at')
    .execute();
  yield json('consent/notices-shown.json', served);
  const notices = await db
    .selectFrom('notices')
    .select(['id', 'version', 'sha256', 'body'])
    .where((either) =>
      either.or([
        either('sha256', 'in', (of) =>
          of.selectFrom('notices_served').select('notice_sha256').where('principal_id', '=', principalId),
        ),
        either('sha256', 'in', (of) =>
          of
            .selectFrom('consent_events')
            .select((event) => event.ref('notice_sha256').$notNull().as('sha256'))
            .where('principal_id', '=', principalId),
        ),
      ]),
    )
    .orderBy('id')
    .execute();
  for (const { id, version, sha256, body } of notices) {
    yield { path: `consent/notices/${sha256}.md`, content: { text: body }, caption: `${id}, ${version}` };
  }
  const policies = await db
    .selectFrom('retention_policies')
    .select(['version', 'language', 'sha256', 'body'])
    .where('sha256', 'in', (of) =>
      of
        .selectFrom('consent_events')
        .select((event) => event.ref('policy_sha256').$notNull().as('sha256'))
        .where('principal_id', '=', principalId),
    )
    .execute();
  for (const { version, language, sha256, body } of policies) {
    yield { path: `consent/policies/${sha256}.md`, content: { text: body }, caption: `${version}, ${language}` };
  }
}

async function permissionsOf(db: PrivacyDb, principalId: string) {
  const rows = await db
    .selectFrom('artwork_permission_events')
    .selectAll()
    .where((either) =>
      either.or([either('owner_principal_id', '=', principalId), either('creator_principal_id', '=', principalId)]),
    )
    .orderBy('seq')
    .execute();
  const who = (id: string) => (id === principalId ? 'you' : 'another person');
  return rows.map((row) => ({
    time: row.created_at,
    permissionId: row.permission_id,
    state: row.state,
    irisOf: who(row.owner_principal_id),
    artworkOf: who(row.creator_principal_id),
    photoId: row.owner_principal_id === principalId ? row.photo_id : null,
    artworkId: row.artwork_id,
    purpose: row.purpose,
    circleId: row.circle_id,
    recipients: row.recipients,
    expireTime: row.expires_at,
  }));
}

async function capturesOf(db: PrivacyDb, principalId: string) {
  const rows = await db
    .selectFrom('capture_permission_events')
    .selectAll()
    .where((either) =>
      either.or([either('principal_id', '=', principalId), either('uploader_principal_id', '=', principalId)]),
    )
    .orderBy('seq')
    .execute();
  const who = (id: string) => (id === principalId ? 'you' : 'another person');
  return rows.map((row) => ({
    time: row.created_at,
    state: row.state,
    photosOf: who(row.principal_id),
    uploadedBy: who(row.uploader_principal_id),
    fullAge: row.full_age,
  }));
}

async function* accountItems(db: PrivacyDb, id: string): AsyncGenerator<ExportItem> {
  const minors = await db
    .selectFrom('minors')
    .select(['subject_id as minorId', 'relation', 'declared_at as time'])
    .where((either) => either.or([either('representative_id', '=', id), either('subject_id', '=', id)]))
    .execute();
  yield json('consent/minors.json', minors);
  const invitations = await db
    .selectFrom('subject_invitations')
    .select(['id', 'created_at as time', 'expires_at as expireTime', 'accepted_at as acceptTime'])
    .select('revoked_at as revokeTime')
    .where('uploader_id', '=', id)
    .orderBy('created_at')
    .execute();
  yield json('consent/invitations.json', invitations);
}

async function requestsOf(db: PrivacyDb, principalId: string) {
  const requests = await db
    .selectFrom('privacy_requests')
    .select(['id', 'kind', 'jurisdiction', 'created_at as time', 'due_at as dueTime', 'completed_at as completeTime'])
    .where('principal_id', '=', principalId)
    .orderBy('id')
    .execute();
  const events = await eventsOf(db, principalId);
  return requests.map((request) => ({
    ...request,
    events: events.filter((event) => event.request_id === request.id).map(({ what, time }) => ({ what, time })),
  }));
}

function eventsOf(db: PrivacyDb, principalId: string) {
  return db
    .selectFrom('privacy_request_events')
    .innerJoin('privacy_requests', 'privacy_requests.id', 'privacy_request_events.request_id')
    .select(['request_id', 'what', 'happened_at as time'])
    .where('principal_id', '=', principalId)
    .orderBy('seq')
    .execute();
}

async function* auditItems(db: PrivacyDb, principalId: string): AsyncGenerator<ExportItem> {
  const you = `principal:${principalId}`;
  let before: number | undefined;
  for (let page = 1; ; page += 1) {
    const rows = await listChain(db, { principals: [principalId], before, limit: AUDIT_PAGE });
    if (rows.length === 0) return;
    const entries = rows.map((row) => {
      const { seq, time, service, action, outcome, actor, operator, subjects, resources } = JSON.parse(
        row.entry,
      ) as AuditEntry;
      const by = actor === you ? 'you' : actor.startsWith('principal:') ? 'another person' : actor;
      return { seq, time, service, action, outcome, by, operator, aboutYou: subjects.includes(principalId), resources };
    });
    yield json(`privacy/audit-${page}.json`, entries);
    before = rows.at(-1)!.seq;
  }
}
