import { create } from '@bufbuild/protobuf';
import { timestampFromDate } from '@bufbuild/protobuf/wkt';
import {
  type Consent,
  ConsentSchema,
  type Notice as NoticeMessage,
  NoticeSchema,
  type RetentionPolicy as PolicyMessage,
  type Receipt,
  ReceiptSchema,
  RetentionPolicySchema,
  type Subject as SubjectMessage,
  SubjectSchema,
} from '@irisvue/contracts/irisvue/consent/v1/consent_service';
import { JURISDICTIONS, PURPOSES, SUBJECT_KINDS } from './consent-enums.ts';
import { needsSignature } from './jurisdiction-rules.ts';
import type { Notice } from './notices.ts';
import type { ReceiptRow } from './receipts/receipts.ts';
import type { RetentionPolicy } from './retention-policies.ts';
import type { ConsentRow } from './schema.ts';
import type { Subject } from './subjects.ts';

/** A notice as the contract has it. */
export function noticeMessage(notice: Notice): NoticeMessage {
  return create(NoticeSchema, {
    id: notice.id,
    version: notice.version,
    sha256: notice.sha256,
    purpose: PURPOSES[notice.purpose],
    jurisdiction: JURISDICTIONS[notice.jurisdiction],
    language: notice.language,
    body: notice.body,
    recipients: [...notice.recipients],
    signatureRequired: needsSignature(notice.jurisdiction, notice.purpose),
    policyVersion: notice.policy.version,
  });
}

/** A retention policy as the contract has it. */
export function policyMessage(policy: RetentionPolicy): PolicyMessage {
  const { version, sha256, language, body } = policy;
  return create(RetentionPolicySchema, {
    ...{ version, sha256, language, body },
    inForceTime: timestampFromDate(policy.inForceAt),
  });
}

/** The state of a consent as the contract has it. The address stays here. */
export function consentMessage(row: ConsentRow): Consent {
  return create(ConsentSchema, {
    id: row.id,
    subject: subjectMessage({ id: row.subject_id, kind: row.subject_kind }),
    purpose: PURPOSES[row.purpose],
    jurisdiction: JURISDICTIONS[row.jurisdiction],
    granted: row.granted,
    grantTime: row.granted_at === null ? undefined : timestampFromDate(row.granted_at),
    withdrawTime: row.withdrawn_at === null ? undefined : timestampFromDate(row.withdrawn_at),
    noticeId: row.notice_id ?? '',
    noticeSha256: row.notice_sha256 ?? '',
    recipients: row.granted ? row.recipients : [],
    policyVersion: row.policy_version ?? '',
  });
}

/** A receipt as the contract has it. */
export function receiptMessage(row: ReceiptRow): Receipt {
  return create(ReceiptSchema, { id: row.id, jws: row.jws, createTime: timestampFromDate(row.event_at) });
}

export function subjectMessage({ id, kind }: Subject): SubjectMessage {
  return create(SubjectSchema, { id, kind: SUBJECT_KINDS[kind] });
}
