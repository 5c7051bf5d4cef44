import { create } from '@bufbuild/protobuf';
import { timestampFromDate } from '@bufbuild/protobuf/wkt';
import { ConsentGrantedSchema, ConsentWithdrawnSchema } from '@irisvue/contracts/irisvue/consent/v1/events';
import { type Database, newId, once, type RequestKey } from '@irisvue/database';
import { appendEvent } from '@irisvue/events';
import { type Clock, DomainError, ErrorReason } from '@irisvue/runtime';
import type { Transaction } from 'kysely';
import { auditChoice } from './audited.ts';
import { type Minors, requireMayChoose } from './capture/minors.ts';
import {
  type JurisdictionName,
  PURPOSES,
  type PurposeName,
  SUBJECT_KINDS,
  type SubjectKindName,
} from './consent-enums.ts';
import { activeConsents, consentsOf, currentConsent, insertConsentEvent } from './consent-store.ts';
import { needsSignature } from './jurisdiction-rules.ts';
import { insertServed, keepNotice, lastServed } from './notice-store.ts';
import type { Notice, Notices, NoticeWish } from './notices.ts';
import { accountOf, findPrincipal, lockSubject, principalOf } from './principals.ts';
import { namedRecipients, type Recipient } from './recipients.ts';
import type { RetentionPolicies, RetentionPolicy } from './retention-policies.ts';
import type { ConsentRow, ConsentTables } from './schema.ts';
import { type Signature, sign } from './signatures.ts';
import { isPerson, requireAllowedKinds, requireFullAge, type Subject } from './subjects.ts';

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
  /** Short names of the recipients that the notice named. */
  readonly recipients: readonly string[];
  /** Whether the caller declares to be of full age. */
  readonly fullAge: boolean;
  /** A typed name; blank: none. */
  readonly signature: string;
  /** The client's address as the edge saw it. */
  readonly ipAddress: string | undefined;
}

/** Notices that are shown and the choices that follow. */
export interface Consents {
  /** The retention policy in force. POLICY_NOT_IN_FORCE {in_force_time} when there is none. */
  policy(language: string): RetentionPolicy;
  /**
   * The notice to show, and the record that it was shown. POLICY_NOT_IN_FORCE; INVALID_FIELD for a recipient that is
   * not offered.
   */
  serveNotice(o: {
    readonly userId: string;
    readonly jurisdiction: JurisdictionName;
    readonly purpose: PurposeName;
    readonly language: string;
    readonly recipients: readonly string[];
  }): Promise<Notice>;
  /**
   * Records a grant; one that stands on the same notice is left as it is. NOT_ALLOWED for another's subject,
   * SUBJECT_KIND_NOT_ALLOWED, MINOR_NEEDS_REPRESENTATIVE, POLICY_NOT_IN_FORCE, SIGNATURE_REQUIRED {jurisdiction},
   * NOTICE_OUTDATED {notice_id} unless the text in force was shown to this user before.
   */
  grant(grant: Grant): Promise<ConsentRow>;
  /** Records a withdrawal; harmless when nothing is granted. Of every kind of subject, whatever the operator accepts. */
  withdraw(choice: Choice): Promise<ConsentRow>;
  /** The consents of a user and of the minors whom the user represents, newest first. */
  list(userId: string): Promise<ConsentRow[]>;
  /** The subjects that lack an active consent. SUBJECT_KIND_NOT_ALLOWED for a kind that is not accepted (any more). */
  pending(subjects: readonly Subject[], purpose: PurposeName): Promise<Subject[]>;
  /** The subjects whose active consent does not name the recipient (CR-15), or who have none. */
  denied(subjects: readonly Subject[], recipient: string, purpose: PurposeName): Promise<Subject[]>;
}

export function createConsents(o: {
  readonly db: Database<ConsentTables>;
  readonly notices: Notices;
  readonly policies: RetentionPolicies;
  readonly offered: readonly Recipient[];
  readonly minors: Pick<Minors, 'list'>;
  readonly subjectKinds: readonly SubjectKindName[];
  readonly clock: Clock;
}): Consents {
  const { db, clock } = o;
  return {
    policy: (language) => o.policies.inForce(clock.now(), language),

    async serveNotice({ userId, ...wish }) {
      const notice = noticeInForce(wish);
      await db.transaction().execute(async (trx) => {
        const principalId = await principalOf(trx, accountOf(userId));
        await keepNotice(trx, notice);
        await insertServed(trx, { id: newId(), principalId, sha256: notice.sha256, now: clock.now() });
      });
      return notice;
    },

    async grant(grant) {
      const { subject, purpose, jurisdiction } = grant;
      await requireMayChoose(db, subject, grant.userId);
      requireAllowedKinds([subject], o.subjectKinds);
      requireFullAge(subject, grant.fullAge);
      return db.transaction().execute(async (trx) => {
        await once(trx, grant.request, async () => {
          await lockSubject(trx, subject.id);
          const notice = noticeOf(grant);
          const givenBy = await principalOf(trx, accountOf(grant.userId));
          const servedId = await lastServed(trx, givenBy, notice.sha256);
          if (servedId === undefined) throw noticeOutdated(notice.id);
          const signature = signatureOf(grant, notice);
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
            state: 'granted' as const,
            notice_served_id: servedId,
            notice_id: notice.id,
            notice_version: notice.version,
            notice_sha256: notice.sha256,
            policy_sha256: notice.policy.sha256,
            policy_version: notice.policy.version,
            recipients: [...notice.recipients],
            full_age: grant.fullAge,
            signature_sha256: signature?.digest,
            created_at: now,
          };
          await insertConsentEvent(trx, event, { ipAddress: grant.ipAddress, signature });
          const fact = { ...subjectAndPurpose(grant), grantTime: timestampFromDate(now) };
          await appendEvent(trx, ConsentGrantedSchema, create(ConsentGrantedSchema, fact));
          await auditChoice(trx, 'granted', { userId: grant.userId, subject, eventId: id, time: now });
          return id;
        });
        return standing(trx, subject, purpose);
      });
    },

    async withdraw(choice) {
      const { subject, purpose } = choice;
      await requireMayChoose(db, subject, choice.userId);
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
          await auditChoice(trx, 'withdrawn', { userId: choice.userId, subject, eventId: id, time: now });
          return id;
        });
        return standing(trx, subject, purpose);
      });
    },

    async list(userId) {
      const minors = await o.minors.list(userId);
      return consentsOf(db, [userId, ...minors.map((minor) => minor.subject_id)]);
    },

    async pending(subjects, purpose) {
      requireAllowedKinds(subjects, o.subjectKinds);
      const ids = subjects.map((subject) => subject.id);
      const active = await activeConsents(db, ids, purpose);
      return subjects.filter((subject) => !active.some(({ id, kind }) => id === subject.id && kind === subject.kind));
    },

    async denied(subjects, recipient, purpose) {
      const ids = subjects.map((subject) => subject.id);
      const active = await activeConsents(db, ids, purpose);
      const named = active.filter(({ recipients }) => recipients.includes(recipient));
      return subjects.filter((subject) => !named.some(({ id, kind }) => id === subject.id && kind === subject.kind));
    },
  };

  function noticeInForce(wish: Omit<NoticeWish, 'recipients' | 'policy'> & { recipients: readonly string[] }): Notice {
    const policy = o.policies.inForce(clock.now(), wish.language);
    return o.notices({ ...wish, recipients: namedRecipients(o.offered, wish.recipients), policy });
  }

  /** The notice that a grant names, when it is the one in force for its purpose, jurisdiction and recipients. */
  function noticeOf(grant: Grant): Notice {
    const language = grant.noticeId.split('/').at(-1) ?? '';
    const notice = noticeInForce({ ...grant, language });
    if (notice.id !== grant.noticeId || notice.sha256 !== grant.noticeSha256) throw noticeOutdated(notice.id);
    return notice;
  }
}

/** The signature under a notice where one is needed. Where none is, a name that was typed all the same is not kept. */
function signatureOf({ subject, jurisdiction, purpose, signature }: Grant, notice: Notice): Signature | undefined {
  if (!isPerson(subject) || !needsSignature(jurisdiction, purpose)) return undefined;
  return sign(signature, notice.sha256, jurisdiction);
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
