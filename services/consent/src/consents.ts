import { create } from '@bufbuild/protobuf';
import { timestampFromDate } from '@bufbuild/protobuf/wkt';
import { ConsentGrantedSchema, ConsentWithdrawnSchema } from '@irisvue/contracts/irisvue/consent/v1/events';
import { type Database, newId, once, type RequestKey } from '@irisvue/database';
import { appendEvent } from '@irisvue/events';
import { type Clock, DomainError, ErrorReason } from '@irisvue/runtime';
import type { Transaction } from 'kysely';
import {
  type JurisdictionName,
  PURPOSES,
  type PurposeName,
  SUBJECT_KINDS,
  type SubjectKindName,
} from './consent-enums.ts';
import { activeConsents, consentsOf, currentConsent, insertConsentEvent } from './consent-store.ts';
import { insertServed, lastServed } from './notice-store.ts';
import type { Notice, Notices } from './notices.ts';
import { accountOf, findPrincipal, lockSubject, principalOf } from './principals.ts';
import type { ConsentRow, ConsentTables } from './schema.ts';
import { requireAllowedKinds, requireOwnSubject, type Subject } from './subjects.ts';

/** A choice that a user makes about a subject. */
export interface Choice {
  /** Who asks. */
  readonly userId: string;
  readonly subject: Subject;
  readonly purpose: PurposeName;
  /** What a repeat is known by. */
  readonly request: RequestKey;
}

export interface Grant extends Choice {
  readonly jurisdiction: JurisdictionName;
  readonly noticeId: string;
  readonly noticeSha256: string;
  /** The client's address as the edge saw it. */
  readonly ipAddress: string | undefined;
}

/** Notices that are shown and the choices that follow. */
export interface Consents {
  /** The notice to show, and the record that it was shown. */
  serveNotice(o: {
    readonly userId: string;
    readonly jurisdiction: JurisdictionName;
    readonly purpose: PurposeName;
    readonly language: string;
  }): Promise<Notice>;
  /**
   * Records a grant; one that stands on the same notice is left as it is. NOT_ALLOWED for another's subject,
   * SUBJECT_KIND_NOT_ALLOWED, NOTICE_OUTDATED {notice_id} unless the text in force was shown to this user before.
   */
  grant(grant: Grant): Promise<ConsentRow>;
  /** Records a withdrawal; harmless when nothing is granted. Of every kind of subject, whatever the operator accepts. */
  withdraw(choice: Choice): Promise<ConsentRow>;
  /** A user's consents, newest first. */
  list(userId: string): Promise<ConsentRow[]>;
  /** The subjects that lack an active consent. SUBJECT_KIND_NOT_ALLOWED for a kind that is not accepted (any more). */
  pending(subjects: readonly Subject[], purpose: PurposeName): Promise<Subject[]>;
}

export function createConsents(o: {
  readonly db: Database<ConsentTables>;
  readonly notices: Notices;
  readonly subjectKinds: readonly SubjectKindName[];
  readonly clock: Clock;
}): Consents {
  const { db, notices, clock } = o;
  return {
    async serveNotice({ userId, jurisdiction, purpose, language }) {
      const notice = notices.find(jurisdiction, purpose, language);
      await db.transaction().execute(async (trx) => {
        const principalId = await principalOf(trx, accountOf(userId));
        await insertServed(trx, { id: newId(), principalId, sha256: notice.sha256, now: clock.now() });
      });
      return notice;
    },

    async grant(grant) {
      const { subject, purpose, jurisdiction } = grant;
      requireOwnSubject(subject, grant.userId);
      requireAllowedKinds([subject], o.subjectKinds);
      return db.transaction().execute(async (trx) => {
        await once(trx, grant.request, async () => {
          await lockSubject(trx, subject.id);
          const notice = noticeInForce(notices, grant);
          const givenBy = await principalOf(trx, accountOf(grant.userId));
          const servedId = await lastServed(trx, givenBy, notice.sha256);
          if (servedId === undefined) throw noticeOutdated(notice.id);
          const principalId = await principalOf(trx, subject);
          const before = await currentConsent(trx, principalId, purpose);
          if (before?.granted && before.notice_sha256 === notice.sha256) return before.id;
          const id = newId();
          const now = clock.now();
          const event = {
            id,
            principal_id: principalId,
            subject_kind: subject.kind,
            given_by: givenBy,
            purpose,
            jurisdiction,
            state: 'granted',
            notice_served_id: servedId,
            notice_id: notice.id,
            notice_version: notice.version,
            notice_sha256: notice.sha256,
            created_at: now,
          } as const;
          await insertConsentEvent(trx, event, { ipAddress: grant.ipAddress });
          const fact = { ...subjectAndPurpose(grant), grantTime: timestampFromDate(now) };
          await appendEvent(trx, ConsentGrantedSchema, create(ConsentGrantedSchema, fact));
          return id;
        });
        return standing(trx, subject, purpose);
      });
    },

    async withdraw(choice) {
      const { subject, purpose } = choice;
      requireOwnSubject(subject, choice.userId);
      return db.transaction().execute(async (trx) => {
        await once(trx, choice.request, async () => {
          await lockSubject(trx, subject.id);
          const principalId = await principalOf(trx, subject);
          const before = await currentConsent(trx, principalId, purpose);
          if (before !== undefined && !before.granted) return before.id;
          const id = newId();
          const now = clock.now();
          await insertConsentEvent(trx, {
            id,
            principal_id: principalId,
            subject_kind: subject.kind,
            given_by: await principalOf(trx, accountOf(choice.userId)),
            purpose,
            jurisdiction: before?.jurisdiction ?? 'strictest',
            state: 'withdrawn',
            notice_id: before?.notice_id,
            notice_version: before?.notice_version,
            notice_sha256: before?.notice_sha256,
            created_at: now,
          });
          const fact = { ...subjectAndPurpose(choice), withdrawTime: timestampFromDate(now) };
          await appendEvent(trx, ConsentWithdrawnSchema, create(ConsentWithdrawnSchema, fact));
          return id;
        });
        return standing(trx, subject, purpose);
      });
    },

    list: (userId) => consentsOf(db, [userId]),

    async pending(subjects, purpose) {
      requireAllowedKinds(subjects, o.subjectKinds);
      const ids = subjects.map((subject) => subject.id);
      const active = await activeConsents(db, ids, purpose);
      return subjects.filter((subject) => !active.some(({ id, kind }) => id === subject.id && kind === subject.kind));
    },
  };
}

/** The notice that a grant names, when it is the one in force for its purpose and jurisdiction. */
function noticeInForce(notices: Notices, grant: Grant): Notice {
  const language = grant.noticeId.split('/').at(-1) ?? '';
  const notice = notices.find(grant.jurisdiction, grant.purpose, language);
  if (notice.id !== grant.noticeId || notice.sha256 !== grant.noticeSha256) throw noticeOutdated(notice.id);
  return notice;
}

function noticeOutdated(noticeId: string): DomainError {
  const message = 'the notice in force has to be shown before the consent';
  return new DomainError(ErrorReason.NOTICE_OUTDATED, message, { notice_id: noticeId });
}

function subjectAndPurpose({ subject, purpose }: Choice) {
  return { subject: { id: subject.id, kind: SUBJECT_KINDS[subject.kind] }, purpose: PURPOSES[purpose] };
}

// After a grant or a withdrawal, now or by an earlier call with the same id, there is an event.
async function standing(trx: Transaction<ConsentTables>, subject: Subject, purpose: PurposeName): Promise<ConsentRow> {
  const principalId = await findPrincipal(trx, subject);
  const row = principalId && (await currentConsent(trx, principalId, purpose));
  if (!row) throw new Error('a choice was recorded but no state follows from it');
  return row;
}
