import { DomainError, ErrorReason } from '@irisvue/runtime';
import { type Kysely, sql, type Transaction } from 'kysely';
import type { ConsentTables } from './schema.ts';
import type { Subject } from './subjects.ts';
import { tombstoneOf } from './tombstones.ts';

// Evidence names a principal, a random id. The table principals alone says who that is: without its row, what stays
// behind of a person is evidence about somebody unknown (CR-13).

/** The account of a user as a subject: its principal stands for the user also where the user only acts. */
export const accountOf = (userId: string): Subject => ({ id: userId, kind: 'self' });

/**
 * The principal of a subject; made when there is none. Throws SUBJECT_ERASED for one with a tombstone. Until the
 * transaction ends the subject gets none: what it writes is there before the erasure looks, or it is not written.
 */
export async function principalOf(trx: Transaction<ConsentTables>, subject: Subject): Promise<string> {
  await trx
    .insertInto('principals')
    .values({ subject_id: subject.id, subject_kind: subject.kind })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  const { principal_id } = await trx
    .selectFrom('principals')
    .select('principal_id')
    .where('subject_id', '=', subject.id)
    .where('subject_kind', '=', subject.kind)
    .forKeyShare()
    .executeTakeFirstOrThrow();
  // A statement of its own: it sees what was committed while the one above waited.
  if ((await tombstoneOf(trx, subject)) !== undefined) {
    throw new DomainError(ErrorReason.SUBJECT_ERASED, 'the subject is erased: nothing new about it is stored');
  }
  return principal_id;
}

/** The principal of a subject, or undefined: then there is no evidence about it. */
export async function findPrincipal(
  db: Kysely<ConsentTables> | Transaction<ConsentTables>,
  subject: Subject,
): Promise<string | undefined> {
  const row = await db
    .selectFrom('principals')
    .select('principal_id')
    .where('subject_id', '=', subject.id)
    .where('subject_kind', '=', subject.kind)
    .executeTakeFirst();
  return row?.principal_id;
}

/** Lets one choice at a time be made about a subject; the lock ends with the transaction. */
export async function lockSubject(trx: Transaction<ConsentTables>, subjectId: string): Promise<void> {
  await sql`SELECT pg_advisory_xact_lock(hashtextextended(${subjectId}, 0))`.execute(trx);
}
