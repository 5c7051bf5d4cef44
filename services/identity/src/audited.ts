import { create } from '@bufbuild/protobuf';
import { SubjectKind, SubjectSchema } from '@irisvue/contracts/irisvue/consent/v1/consent_service';
import { AuditAction, AuditOutcome } from '@irisvue/contracts/irisvue/privacy/v1/audit';
import { recordAudit } from '@irisvue/events';
import type { Transaction } from 'kysely';

const service = 'identity';
const accountOf = (userId: string) => create(SubjectSchema, { id: userId, kind: SubjectKind.SELF });

/** Tells the audit log that a session began. */
export async function auditSignIn<DB>(trx: Transaction<DB>, userId: string, sessionId: string, time: Date) {
  const subjects = [accountOf(userId)];
  await recordAudit(trx, {
    ...{ service, action: AuditAction.SIGNED_IN, userId, subjects, time },
    resources: { session: sessionId },
  });
}

/** Tells the audit log that sign-ins to an account failed so often that the next one has to wait. Nobody knows by whom. */
export async function auditSignInsFailed<DB>(trx: Transaction<DB>, userId: string, time: Date) {
  const subjects = [accountOf(userId)];
  const outcome = AuditOutcome.REFUSED;
  await recordAudit(trx, { service, action: AuditAction.SIGN_INS_FAILED, outcome, subjects, time });
}

/** Tells the audit log that a membership began or ended; `byUserId` is whoever did it. */
export async function auditMembership<DB>(
  trx: Transaction<DB>,
  what: 'joined' | 'left',
  o: { readonly circleId: string; readonly memberId: string; readonly byUserId: string; readonly time?: Date },
) {
  await recordAudit(trx, {
    service,
    action: what === 'joined' ? AuditAction.CIRCLE_JOINED : AuditAction.CIRCLE_LEFT,
    userId: o.byUserId,
    subjects: [accountOf(o.memberId)],
    resources: { circle: o.circleId },
    time: o.time,
  });
}

/** Tells the audit log that an account got another role, by whoever runs the mesh. */
export async function auditRole<DB>(trx: Transaction<DB>, userId: string, time: Date) {
  const subjects = [accountOf(userId)];
  await recordAudit(trx, { service, action: AuditAction.OPERATOR_ACTED, byService: service, subjects, time });
}
