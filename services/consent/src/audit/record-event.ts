import { timestampDate } from '@bufbuild/protobuf/wkt';
import type { AuditRecorded } from '@irisvue/contracts/irisvue/privacy/v1/audit';
import { accountOf, findPrincipal, principalOf } from '../principals.ts';
import { type Subject, subjectOf } from '../subjects.ts';
import { tombstoneOf } from '../tombstones.ts';
import { appendToChain } from './audit-chain.ts';
import { actionName, outcomeName } from './audit-names.ts';
import type { AuditDb, AuditTrx } from './schema.ts';

/** Puts what a service told into the log: once per event id, people by their principals only. */
export async function recordEvent(db: AuditDb, eventId: string, event: AuditRecorded): Promise<void> {
  await db.transaction().execute(async (trx) => {
    const subjects: string[] = [];
    for (const subject of event.subjects) {
      const principalId = await pseudonym(trx, subjectOf(subject));
      if (principalId !== undefined) subjects.push(principalId);
    }
    await appendToChain(trx, {
      id: eventId,
      time: (event.time === undefined ? new Date(0) : timestampDate(event.time)).toISOString(),
      service: event.service,
      action: actionName(event.action),
      outcome: outcomeName(event.outcome),
      actor: await actorOf(trx, event.actor),
      operator: event.asOperator,
      subjects,
      resources: event.resources.map(({ type, id }) => ({ type, id })),
    });
  });
}

async function actorOf(trx: AuditTrx, actor: AuditRecorded['actor']): Promise<string> {
  switch (actor.case) {
    case 'userId': {
      const principalId = await pseudonym(trx, accountOf(actor.value));
      return principalId === undefined ? 'erased' : `principal:${principalId}`;
    }
    case 'serviceName':
      return `service:${actor.value}`;
    case undefined:
      return 'nobody';
    default:
      return actor satisfies never;
  }
}

/** The principal of a subject; undefined for one who was erased, of whom no name may come back. */
async function pseudonym(trx: AuditTrx, subject: Subject): Promise<string | undefined> {
  const known = await findPrincipal(trx, subject);
  if (known !== undefined) return known;
  return (await tombstoneOf(trx, subject)) === undefined ? principalOf(trx, subject) : undefined;
}
