import type { ConnectRouter } from '@connectrpc/connect';
import { AuditRecordedSchema } from '@irisvue/contracts/irisvue/privacy/v1/audit';
import { AuditService } from '@irisvue/contracts/irisvue/privacy/v1/audit_service';
import type { Database } from '@irisvue/database';
import { consumeEvents, type EventBus, handler } from '@irisvue/events';
import type { Clock, Logger } from '@irisvue/runtime';
import type { Evidence } from '../evidence.ts';
import type { ConsentTables } from '../schema.ts';
import { createAuditLog } from './audit-log.ts';
import { auditService } from './audit-service.ts';
import { recordEvent } from './record-event.ts';
import type { AuditTables } from './schema.ts';

/** Name of the consumer that feeds the log; who purges the stream waits for it first. */
export const AUDIT_CONSUMER = 'consent-audit';
// A week of tries, the life of an event in its stream: no entry is given up while the database is down.
const MAX_DELIVERIES = 10_000;

/** Wires the audit log on consent's database: feeds it until `signal` aborts, and gives what mounts its service. */
export function openAudit(o: {
  readonly db: Database<ConsentTables>;
  readonly bus: EventBus;
  readonly consumer: string;
  readonly evidence: Evidence;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly signal: AbortSignal;
}): { readonly routes: (router: ConnectRouter) => void; readonly done: Promise<void> } {
  const db = o.db.$extendTables<AuditTables>();
  const log = createAuditLog({ db, evidence: o.evidence, clock: o.clock });
  const done = consumeEvents({
    bus: o.bus,
    durable: o.consumer,
    on: [handler(AuditRecordedSchema, (event, { id }) => recordEvent(db, id, event))],
    maxDeliveries: MAX_DELIVERIES,
    logger: o.logger,
    signal: o.signal,
  });
  return { routes: (router) => router.service(AuditService, auditService(log)), done };
}
