import type { Database } from '@irisvue/database';
import type { Insertable, Kysely, Transaction } from 'kysely';
import type { PurposeName } from './consent-enums.ts';
import type { ConsentEventsTable, ConsentRow, ConsentTables } from './schema.ts';
import type { Signature } from './signatures.ts';
import type { Subject } from './subjects.ts';

/** Records a choice, and beside it the address that it came from and the name that signed it, if there are such. */
export async function insertConsentEvent(
  trx: Transaction<ConsentTables>,
  event: Insertable<ConsentEventsTable>,
  o: { readonly ipAddress?: string; readonly signature?: Signature } = {},
): Promise<void> {
  await trx.insertInto('consent_events').values(event).execute();
  const { ipAddress, signature } = o;
  if (ipAddress !== undefined) {
    await trx.insertInto('event_addresses').values({ event_id: event.id, ip_address: ipAddress }).execute();
  }
  if (signature !== undefined) {
    const { name, salt } = signature;
    await trx.insertInto('event_signatures').values({ event_id: event.id, name, salt }).execute();
  }
}

/** The present state of one purpose; undefined when nothing was ever chosen. */
export function currentConsent(
  db: Kysely<ConsentTables>,
  principalId: string,
  purpose: PurposeName,
): Promise<ConsentRow | undefined> {
  return db
    .selectFrom('consents')
    .selectAll()
    .where('principal_id', '=', principalId)
    .where('purpose', '=', purpose)
    .executeTakeFirst();
}

/** The present state of every purpose that was ever chosen about for these subjects, newest first. */
export async function consentsOf(db: Database<ConsentTables>, subjectIds: readonly string[]): Promise<ConsentRow[]> {
  const principals = await db
    .selectFrom('principals')
    .select('principal_id')
    .where('subject_id', 'in', subjectIds)
    .execute();
  if (principals.length === 0) return [];
  const ids = principals.map((row) => row.principal_id);
  return db.selectFrom('consents').selectAll().where('principal_id', 'in', ids).orderBy('seq', 'desc').execute();
}

/** Which of these people have an active consent for a purpose. One look at the index for each. */
export async function activeConsents(
  db: Database<ConsentTables>,
  subjectIds: readonly string[],
  purpose: PurposeName,
): Promise<(Subject & { readonly recipients: readonly string[] })[]> {
  return db
    .selectFrom('principals')
    .innerJoinLateral(
      (of) =>
        of
          .selectFrom('consent_events')
          .select(['state', 'recipients'])
          .whereRef('consent_events.principal_id', '=', 'principals.principal_id')
          .where('purpose', '=', purpose)
          .orderBy('seq', 'desc')
          .limit(1)
          .as('latest'),
      (join) => join.onTrue(),
    )
    .select(['subject_id as id', 'subject_kind as kind', 'latest.recipients'])
    .where('subject_id', 'in', subjectIds)
    .where('latest.state', '=', 'granted')
    .execute();
}
