import { create } from '@bufbuild/protobuf';
import { SubjectSchema } from '@irisvue/contracts/irisvue/consent/v1/consent_service';
import { AuditAction } from '@irisvue/contracts/irisvue/privacy/v1/audit';
import { recordAudit } from '@irisvue/events';
import type { Transaction } from 'kysely';
import { SUBJECT_KINDS } from './consent-enums.ts';
import { accountOf } from './principals.ts';
import type { ConsentTables } from './schema.ts';
import type { Subject } from './subjects.ts';

const service = 'consent';

/** Tells the audit log of a choice about a subject. */
export async function auditChoice(
  trx: Transaction<ConsentTables>,
  state: 'granted' | 'withdrawn',
  o: { readonly userId: string; readonly subject: Subject; readonly eventId: string; readonly time: Date },
): Promise<void> {
  await recordAudit(trx, {
    service,
    action: state === 'granted' ? AuditAction.CONSENT_GRANTED : AuditAction.CONSENT_WITHDRAWN,
    userId: o.userId,
    subjects: [message(o.subject)],
    resources: { consent_event: o.eventId },
    time: o.time,
  });
}

/** Tells the audit log of a permission that somebody gave or took back, to use their iris or to photograph them. */
export async function auditPermission(
  trx: Transaction<ConsentTables>,
  state: 'granted' | 'ended',
  o: { readonly ownerId: string; readonly resources: Readonly<Record<string, string>>; readonly time: Date },
): Promise<void> {
  await recordAudit(trx, {
    service,
    action: state === 'granted' ? AuditAction.PERMISSION_GRANTED : AuditAction.PERMISSION_REVOKED,
    userId: o.ownerId,
    subjects: [message(accountOf(o.ownerId))],
    resources: o.resources,
    time: o.time,
  });
}

function message({ id, kind }: Subject) {
  return create(SubjectSchema, { id, kind: SUBJECT_KINDS[kind] });
}
