import { createHash } from 'node:crypto';
import { type Database, findText } from '@irisvue/database';
import { type Clock, DomainError, ErrorReason } from '@irisvue/runtime';
import { sql, type Transaction } from 'kysely';
import type { IdentityTables } from '../schema.ts';
import { endSessionsOf } from '../session-store.ts';
import { deleteMailsWith, type MailFolder } from './mail-folder.ts';
import type { ErasureTables } from './schema.ts';

/** Whose data: only the holder of an account (`self`) has any here. */
export interface ErasedSubject {
  readonly id: string;
  /** Word for the kind, for example "self". */
  readonly kind: string;
}

/** Blocks and erases an account. All calls are harmless when repeated. */
export interface AccountErasure {
  /** Closes the account: nobody signs in to it, renews a session, or uses a link that was mailed. */
  block(subject: ErasedSubject, erasureId: string): Promise<void>;
  /**
   * Removes the account with all that hangs on it and gives how many rows that were. A circle that it owned goes to the
   * member who joined first, and is deleted when there is none. Throws SUBJECT_NOT_BLOCKED.
   */
  erase(subject: ErasedSubject): Promise<number>;
  /** Looks for the account's id in every table. */
  scan(
    subject: ErasedSubject,
  ): Promise<{ readonly findings: { place: string; count: number }[]; readonly lookedAt: string[] }>;
}

type Trx = Transaction<ErasureTables>;

export function createAccountErasure(o: {
  readonly db: Database<ErasureTables>;
  readonly clock: Clock;
  /** Where mails lie when they are not sent by SMTP. */
  readonly mailFolder: MailFolder | undefined;
}): AccountErasure {
  const { db, clock } = o;
  return {
    async block(subject, erasureId) {
      await db.transaction().execute(async (trx) => {
        const now = clock.now();
        await trx
          .insertInto('tombstones')
          .values({ subject_sha256: digestOf(subject), erasure_id: erasureId, blocked_at: now })
          .onConflict((conflict) => conflict.doNothing())
          .execute();
        if (subject.kind !== 'self') return;
        await trx.updateTable('users').set({ active: false, updated_at: now }).where('id', '=', subject.id).execute();
        await endSessionsOf(trx.$pickTables<keyof IdentityTables>(), subject.id, 'revoked', now);
        await trx.deleteFrom('link_tokens').where('user_id', '=', subject.id).execute();
        await trx.deleteFrom('mails').where('user_id', '=', subject.id).execute();
      });
    },

    async erase(subject) {
      await requireBlocked(db, subject);
      if (subject.kind !== 'self') return 0;
      const user = await db.selectFrom('users').select('email').where('id', '=', subject.id).executeTakeFirst();
      // Before the row goes: after that nobody knows the address any more.
      if (user !== undefined && o.mailFolder !== undefined) {
        await deleteMailsWith(o.mailFolder, [user.email, subject.id]);
      }
      return db.transaction().execute(async (trx) => {
        const before = await rowsOf(trx, subject.id);
        await handOverCircles(trx, subject.id);
        if (user !== undefined) {
          await trx.deleteFrom('mails').where(sql`lower(email)`, '=', user.email.toLowerCase()).execute();
        }
        await trx.deleteFrom('users').where('id', '=', subject.id).execute();
        await trx.deleteFrom('requests').where('user_id', '=', subject.id).execute();
        return before;
      });
    },

    async scan(subject) {
      if (subject.kind !== 'self') return { findings: [], lookedAt: [] };
      const { findings, lookedAt } = await findText(db, subject.id);
      return {
        findings: findings.map(({ table, count }) => ({ place: `identity.${table}`, count })),
        lookedAt: lookedAt.map((table) => `identity.${table}`),
      };
    },
  };
}

async function requireBlocked(db: Database<ErasureTables>, subject: ErasedSubject): Promise<void> {
  const tombstone = await db
    .selectFrom('tombstones')
    .select('erasure_id')
    .where('subject_sha256', '=', digestOf(subject))
    .executeTakeFirst();
  if (tombstone !== undefined) return;
  throw new DomainError(ErrorReason.SUBJECT_NOT_BLOCKED, 'a subject is blocked before it is erased');
}

/** Rows that hang on an account, itself included. */
async function rowsOf(trx: Trx, userId: string): Promise<number> {
  const tables = ['sessions', 'provider_accounts', 'link_tokens', 'circle_members'] as const;
  let rows = 0;
  for (const table of tables) {
    const { count } = await trx
      .selectFrom(table)
      .select((of) => of.fn.countAll<number>().as('count'))
      .where('user_id', '=', userId)
      .executeTakeFirstOrThrow();
    rows += count;
  }
  const user = await trx.selectFrom('users').select('id').where('id', '=', userId).executeTakeFirst();
  return user === undefined ? rows : rows + 1;
}

/** Gives each circle of an owner to the active member who joined first; circles without one go with the account. */
async function handOverCircles(trx: Trx, ownerId: string): Promise<void> {
  const circles = await trx.selectFrom('circles').select('id').where('owner_id', '=', ownerId).forUpdate().execute();
  for (const { id } of circles) {
    const heir = await trx
      .selectFrom('circle_members')
      .innerJoin('users', 'users.id', 'circle_members.user_id')
      .select('users.id')
      .where('circle_members.circle_id', '=', id)
      .where('users.id', '<>', ownerId)
      .where('users.active', '=', true)
      .orderBy('circle_members.id')
      .executeTakeFirst();
    if (heir === undefined) await trx.deleteFrom('circles').where('id', '=', id).execute();
    else await trx.updateTable('circles').set({ owner_id: heir.id }).where('id', '=', id).execute();
  }
}

function digestOf(subject: ErasedSubject): string {
  return createHash('sha256').update(`${subject.kind}/${subject.id}`).digest('hex');
}
