import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { timestampFromDate } from '@bufbuild/protobuf/wkt';
import type { SubjectSchema } from '@irisvue/contracts/irisvue/consent/v1/consent_service';
import { type AuditAction, AuditOutcome, AuditRecordedSchema } from '@irisvue/contracts/irisvue/privacy/v1/audit';
import { systemClock } from '@irisvue/runtime';
import type { Transaction } from 'kysely';
import { appendEvent } from './outbox.ts';

/** Something that the audit log keeps. */
export interface Audited {
  /** The service where it is done. */
  readonly service: string;
  readonly action: AuditAction;
  /** The default is done. */
  readonly outcome?: AuditOutcome;
  /** Id of the user who does it. */
  readonly userId?: string;
  /** Name of the service that does it, where no user does. */
  readonly byService?: string;
  /** The user acts as an operator. */
  readonly asOperator?: boolean;
  /** Whose data it is done to. */
  readonly subjects?: readonly MessageInitShape<typeof SubjectSchema>[];
  /** What it is done with: ids by the name of the thing, for example `{ photo: '0190…' }`. */
  readonly resources?: Readonly<Record<string, string>>;
  /** The default is now. */
  readonly time?: Date;
}

/** Tells the audit log, in the transaction of what is done: both happen or neither does. */
export async function recordAudit<DB>(trx: Transaction<DB>, o: Audited): Promise<void> {
  const message = create(AuditRecordedSchema, {
    service: o.service,
    action: o.action,
    outcome: o.outcome ?? AuditOutcome.DONE,
    actor: actorOf(o),
    asOperator: o.asOperator ?? false,
    subjects: [...(o.subjects ?? [])],
    resources: Object.entries(o.resources ?? {}).map(([type, id]) => ({ type, id })),
    time: timestampFromDate(o.time ?? systemClock.now()),
  });
  await appendEvent(trx, AuditRecordedSchema, message);
}

function actorOf({ userId, byService }: Audited) {
  if (userId !== undefined) return { case: 'userId', value: userId } as const;
  if (byService !== undefined) return { case: 'serviceName', value: byService } as const;
  return undefined;
}
