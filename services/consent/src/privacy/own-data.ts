import { create } from '@bufbuild/protobuf';
import { timestampFromDate } from '@bufbuild/protobuf/wkt';
import { SubjectSchema } from '@irisvue/contracts/irisvue/consent/v1/consent_service';
import { ConsentWithdrawnSchema } from '@irisvue/contracts/irisvue/consent/v1/events';
import { AuditAction } from '@irisvue/contracts/irisvue/privacy/v1/audit';
import { findText, newId } from '@irisvue/database';
import { appendEvent, recordAudit } from '@irisvue/events';
import type { Clock } from '@irisvue/runtime';
import type { ObjectStore } from '@irisvue/storage';
import { sql } from 'kysely';
import { PURPOSES, SUBJECT_KINDS } from '../consent-enums.ts';
import { insertConsentEvent } from '../consent-store.ts';
import { blockExports, countArchives, eraseArchives, eraseExports } from '../export/archives.ts';
import { exportOwn } from '../export/own-export.ts';
import type { ExportedReceipts } from '../export/receipt-items.ts';
import type { Subject } from '../subjects.ts';
import { subjectDigest } from '../tombstones.ts';
import type { Party } from './parties.ts';
import type { PrivacyDb, PrivacyTrx } from './schema.ts';

// These name the subject until the erasure is completed, and only them.
const UNTIL_COMPLETED = ['principals', 'erasure_subjects'];

/**
 * Consent as a holder of data. Blocking withdraws every consent, which stops the work of others within two seconds.
 * Erasing removes what names the person; evidence by principals stays (CR-13), and the principal itself goes when the
 * erasure is completed.
 */
export function ownParty(o: {
  readonly db: PrivacyDb;
  readonly store: ObjectStore;
  readonly receipts: ExportedReceipts;
  readonly clock: Clock;
}): Party {
  const { db, store, clock } = o;
  return {
    name: 'consent',
    async block(subject, erasureId) {
      await db.transaction().execute(async (trx) => {
        await lockPrincipal(trx, subject);
        await trx
          .insertInto('tombstones')
          .values({ subject_sha256: subjectDigest(subject), erasure_id: erasureId, blocked_at: clock.now() })
          .onConflict((conflict) => conflict.doNothing())
          .execute();
        await blockExports(trx, subject, clock.now());
      });
      // From here on no choice is made about the subject: what stands now is all.
      await db.transaction().execute((trx) => withdrawAll(trx, subject, clock.now()));
    },
    async *erase(subject) {
      yield* eraseArchives(o, subject);
      const rows = await db.transaction().execute((trx) => eraseNames(trx, subject));
      yield { objects: [], rows, jointWorks: [] };
    },
    async scan(subject) {
      if (!isOwnId(subject)) return { findings: [], lookedAt: [] };
      const { findings, lookedAt } = await findText(db, subject.id, { except: await exemptNow(db, subject) });
      const archives = { place: 'consent:exports/', count: await countArchives(store, subject) };
      return {
        findings: [
          ...findings.map(({ table, count }) => ({ place: `consent.${table}`, count })),
          ...(archives.count > 0 ? [archives] : []),
        ],
        lookedAt: [...lookedAt.map((table) => `consent.${table}`), archives.place],
      };
    },
    export: (subject) => exportOwn(o, subject),
  };
}

/** Whether the id stands for this subject alone; the other kinds share that of their uploader. */
export function isOwnId(subject: Subject): boolean {
  return subject.kind === 'self' || subject.kind === 'minor';
}

/** Waits for whoever is writing about a subject, and keeps new ones waiting; see principalOf. */
export async function lockPrincipal(trx: PrivacyTrx, subject: Subject): Promise<void> {
  await trx
    .selectFrom('principals')
    .select('principal_id')
    .where('subject_id', '=', subject.id)
    .where('subject_kind', '=', subject.kind)
    .forUpdate()
    .execute();
}

/** Removes what names a subject or was noted beside its events; gives how many rows. */
export async function eraseNames(trx: PrivacyTrx, subject: Subject): Promise<number> {
  const principal = sql`(SELECT principal_id FROM principals
    WHERE subject_id = ${subject.id} AND subject_kind = ${subject.kind})`;
  const events = sql`(SELECT id FROM consent_events WHERE principal_id = ${principal} OR given_by = ${principal})`;
  const statements = [
    sql`DELETE FROM event_addresses WHERE event_id IN ${events}`,
    sql`DELETE FROM event_signatures WHERE event_id IN ${events}`,
  ];
  if (isOwnId(subject)) {
    statements.push(
      sql`DELETE FROM minors WHERE subject_id = ${subject.id} OR representative_id = ${subject.id}`,
      sql`DELETE FROM subject_invitations WHERE uploader_id = ${subject.id}`,
      sql`DELETE FROM requests WHERE user_id = ${subject.id}`,
    );
  }
  let rows = BigInt(await eraseExports(trx, subject));
  for (const statement of statements) rows += (await statement.execute(trx)).numAffectedRows ?? 0n;
  return Number(rows);
}

async function withdrawAll(trx: PrivacyTrx, subject: Subject, now: Date): Promise<void> {
  const standing = await trx
    .selectFrom('consents')
    .selectAll()
    .where('subject_id', '=', subject.id)
    .where('subject_kind', '=', subject.kind)
    .where('granted', '=', true)
    .execute();
  const about = create(SubjectSchema, { id: subject.id, kind: SUBJECT_KINDS[subject.kind] });
  for (const row of standing) {
    await insertConsentEvent(trx, {
      id: newId(),
      principal_id: row.principal_id,
      subject_kind: row.subject_kind,
      given_by: row.principal_id,
      purpose: row.purpose,
      jurisdiction: row.jurisdiction,
      state: 'withdrawn',
      notice_id: row.notice_id,
      notice_version: row.notice_version,
      notice_sha256: row.notice_sha256,
      created_at: now,
    });
    const withdrawTime = timestampFromDate(now);
    const fact = { subject: about, purpose: PURPOSES[row.purpose], withdrawTime, byErasure: true };
    await appendEvent(trx, ConsentWithdrawnSchema, create(ConsentWithdrawnSchema, fact));
    const audited = { service: 'consent', action: AuditAction.CONSENT_WITHDRAWN, byService: 'consent' };
    await recordAudit(trx, { ...audited, subjects: [about], resources: { consent_event: row.id }, time: now });
  }
}

async function exemptNow(db: PrivacyDb, subject: Subject): Promise<string[]> {
  const open = await db
    .selectFrom('erasure_subjects')
    .select('erasure_id')
    .where('subject_id', '=', subject.id)
    .executeTakeFirst();
  return open === undefined ? [] : UNTIL_COMPLETED;
}
