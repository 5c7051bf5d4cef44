import type { Database } from '@irisvue/database';
import { type Insertable, type Kysely, sql, type Transaction } from 'kysely';
import type { PurposeName } from './consent-enums.ts';
import type { ConsentEventsTable, ConsentRow, ConsentTables } from './schema.ts';
import type { Subject } from './subjects.ts';

/** Lets one choice at a time be made about a subject; the lock ends with the transaction. */
export async function lockSubject(trx: Transaction<ConsentTables>, subjectId: string): Promise<void> {
  await sql`SELECT pg_advisory_xact_lock(hashtextextended(${subjectId}, 0))`.execute(trx);
}

export async function insertConsentEvent(
  trx: Transaction<ConsentTables>,
  event: Insertable<ConsentEventsTable>,
): Promise<void> {
  await trx.insertInto('consent_events').values(event).execute();
}

/** The present state of one purpose; undefined when nothing was ever chosen. */
export function currentConsent(
  db: Kysely<ConsentTables>,
  subject: Subject,
  purpose: PurposeName,
): Promise<ConsentRow | undefined> {
  return db
    .selectFrom('consents')
    .selectAll()
    .where('subject_id', '=', subject.id)
    .where('subject_kind', '=', subject.kind)
    .where('purpose', '=', purpose)
    .executeTakeFirst();
}

/** The present state of every purpose that a user ever chose about, newest first. */
export function consentsOf(db: Database<ConsentTables>, subjectId: string): Promise<ConsentRow[]> {
  return db.selectFrom('consents').selectAll().where('subject_id', '=', subjectId).orderBy('seq', 'desc').execute();
}

/** Which of these people have an active consent for a purpose: rows of subject id and kind. */
export function activeConsents(db: Database<ConsentTables>, subjectIds: readonly string[], purpose: PurposeName) {
  return db
    .selectFrom('consents')
    .select(['subject_id', 'subject_kind'])
    .where('subject_id', 'in', subjectIds)
    .where('purpose', '=', purpose)
    .where('granted', '=', true)
    .execute();
}
