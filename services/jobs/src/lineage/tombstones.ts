import { createHash } from 'node:crypto';
import type { Database } from '@irisvue/database';
import { DomainError, ErrorReason } from '@irisvue/runtime';
import { sql, type Transaction } from 'kysely';
import { type SubjectRow, subjectsOfJob } from '../job-store.ts';
import type { JobsDatabase } from '../schema.ts';

/** The holder of an account, as a subject: when that is blocked, so is all that the account owns. */
export function holderOf(userId: string): SubjectRow {
  return { subject_id: userId, subject_kind: 'self' };
}

/** SHA-256 of kind and id: whoever has the id can look for the tombstone, and the tombstone tells nobody the id. */
export function subjectDigest(subject: SubjectRow): Buffer {
  return createHash('sha256').update(`${subject.subject_kind} ${subject.subject_id}`).digest();
}

/**
 * Whether one of the subjects has a tombstone. Until the transaction ends none of them gets one: what it writes is
 * either there before the tombstone, and found by whoever set it, or it is not written at all. To be asked in the
 * transaction that writes or hands out something about them.
 */
export async function isAnyBlocked(trx: Transaction<JobsDatabase>, subjects: readonly SubjectRow[]): Promise<boolean> {
  const digests = subjects.map(subjectDigest);
  if (digests.length === 0) return false;
  await sql`SELECT pg_advisory_xact_lock_shared(key) FROM unnest(${lockKeys(digests)}::bigint[]) key`.execute(trx);
  // A statement of its own: it sees what was committed while the one above waited.
  const found = await trx
    .selectFrom('blocked_subjects')
    .select('erasure_id')
    .where('subject_sha256', 'in', digests)
    .limit(1)
    .executeTakeFirst();
  return found !== undefined;
}

/** Throws SUBJECT_ERASED when one of the subjects has a tombstone; see isAnyBlocked. */
export async function requireUnblocked(trx: Transaction<JobsDatabase>, subjects: readonly SubjectRow[]): Promise<void> {
  if (!(await isAnyBlocked(trx, subjects))) return;
  throw new DomainError(ErrorReason.SUBJECT_ERASED, 'the subject is erased: nothing about it is stored or handed out');
}

/** Does what stores or hands out something about the subjects; undefined, and nothing done, when one has a tombstone. */
export async function unlessBlocked<T>(
  db: Database<JobsDatabase>,
  subjects: readonly SubjectRow[],
  make: (trx: Transaction<JobsDatabase>) => Promise<T>,
): Promise<T | undefined> {
  return await db
    .transaction()
    .execute(async (trx) => ((await isAnyBlocked(trx, subjects)) ? undefined : await make(trx)));
}

/** Whether a job's owner or one of its subjects has a tombstone; see isAnyBlocked. */
export async function isJobBlocked(
  trx: Transaction<JobsDatabase>,
  job: { readonly id: string; readonly user_id: string },
): Promise<boolean> {
  return await isAnyBlocked(trx, [...(await subjectsOfJob(trx, job.id)), holderOf(job.user_id)]);
}

/**
 * Sets a subject's tombstone, once and for good: waits for the transactions that are writing about it, and lets none
 * write after it. In a transaction of its own, which holds nothing that those could wait for.
 */
export async function setTombstone(db: Database<JobsDatabase>, subject: SubjectRow, erasureId: string): Promise<void> {
  const digest = subjectDigest(subject);
  await db.transaction().execute(async (trx) => {
    await sql`SELECT pg_advisory_xact_lock(key) FROM unnest(${lockKeys([digest])}::bigint[]) key`.execute(trx);
    await trx
      .insertInto('blocked_subjects')
      .values({ subject_sha256: digest, erasure_id: erasureId })
      .onConflict((conflict) => conflict.doNothing())
      .execute();
  });
}

/** Throws SUBJECT_NOT_BLOCKED unless the subject has a tombstone. */
export async function requireBlocked(db: Database<JobsDatabase>, subject: SubjectRow): Promise<void> {
  const blocked = await db.transaction().execute((trx) => isAnyBlocked(trx, [subject]));
  if (blocked) return;
  throw new DomainError(ErrorReason.SUBJECT_NOT_BLOCKED, 'a subject is blocked before it is erased');
}

// 64 bits of the digest: two subjects that share them would only wait for each other.
function lockKeys(digests: readonly Buffer[]): string[] {
  return digests.map((digest) => String(digest.readBigInt64BE(0)));
}
