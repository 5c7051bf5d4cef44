import { createHash } from 'node:crypto';
import type { Kysely } from 'kysely';
import type { Subject } from './subjects.ts';

/** Subjects that are being erased or were: nothing new about them is stored. */
export interface TombstonesTable {
  /** By its digest: the row outlives the erasure and must not name anybody. */
  subject_sha256: string;
  erasure_id: string;
  blocked_at: Date;
  /** When its principal was forgotten; null while the erasure goes on. */
  erased_at: Date | null;
}

export interface WithTombstones {
  tombstones: TombstonesTable;
}

/** SHA-256 of `kind/id`, 64 hexadecimal digits. An id has 74 random bits, so nobody finds it from its digest. */
export function subjectDigest(subject: Subject): string {
  return createHash('sha256').update(`${subject.kind}/${subject.id}`).digest('hex');
}

/** The tombstone of a subject, if it has one. */
export function tombstoneOf<DB>(db: Kysely<DB>, subject: Subject) {
  return (db as unknown as Kysely<WithTombstones>)
    .selectFrom('tombstones')
    .selectAll()
    .where('subject_sha256', '=', subjectDigest(subject))
    .executeTakeFirst();
}
