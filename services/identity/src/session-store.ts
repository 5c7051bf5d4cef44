import { create } from '@bufbuild/protobuf';
import { timestampFromDate } from '@bufbuild/protobuf/wkt';
import { SessionsEndedSchema } from '@irisvue/contracts/irisvue/identity/v1/events';
import type { Database, Page } from '@irisvue/database';
import { appendEvent } from '@irisvue/events';
import type { Selectable, Transaction } from 'kysely';
import type { IdentityTables, Role, SessionEnd, SessionsTable } from './schema.ts';

type Db = Database<IdentityTables>;
type Trx = Transaction<IdentityTables>;

// An event has at most 64 KiB; an id takes 38 bytes of it.
const SESSIONS_PER_EVENT = 1_000;

/** A refresh token as it is stored. */
export interface StoredToken {
  readonly sha256: Buffer;
  readonly expiresAt: Date;
}

export async function insertSession(
  trx: Trx,
  session: { id: string; userId: string; clientName: string; now: Date; token: StoredToken },
): Promise<void> {
  await trx
    .insertInto('sessions')
    .values({
      id: session.id,
      user_id: session.userId,
      client_name: session.clientName,
      created_at: session.now,
      expires_at: session.token.expiresAt,
    })
    .execute();
  await insertToken(trx, session.id, session.token);
}

export async function insertToken(trx: Trx, sessionId: string, token: StoredToken): Promise<void> {
  await trx
    .insertInto('refresh_tokens')
    .values({ sha256: token.sha256, session_id: sessionId, expires_at: token.expiresAt })
    .execute();
}

/** Marks a token as used and gives its session; undefined when it is unknown, used or ended. One caller gets it. */
export async function claimToken(trx: Trx, sha256: Buffer, now: Date): Promise<string | undefined> {
  const claimed = await trx
    .updateTable('refresh_tokens')
    .set({ used_at: now })
    .where('sha256', '=', sha256)
    .where('used_at', 'is', null)
    .where('expires_at', '>', now)
    .returning('session_id')
    .executeTakeFirst();
  return claimed?.session_id;
}

/** The session of a token that was used before. */
export async function sessionOfUsedToken(trx: Trx, sha256: Buffer): Promise<string | undefined> {
  const used = await trx
    .selectFrom('refresh_tokens')
    .select('session_id')
    .where('sha256', '=', sha256)
    .where('used_at', 'is not', null)
    .executeTakeFirst();
  return used?.session_id;
}

/** Lets a standing session of an active account go on until `expiresAt`; gives whose it is. */
export async function prolongSession(
  trx: Trx,
  sessionId: string,
  o: { readonly now: Date; readonly expiresAt: Date },
): Promise<{ id: string; role: Role } | undefined> {
  return trx
    .updateTable('sessions')
    .from('users')
    .set({ expires_at: o.expiresAt, refreshed_at: o.now })
    .whereRef('users.id', '=', 'sessions.user_id')
    .where('sessions.id', '=', sessionId)
    .where('sessions.ended_at', 'is', null)
    .where('users.active', '=', true)
    .returning(['users.id', 'users.role'])
    .executeTakeFirst();
}

/** An account's sessions that stand, newest first: those of a page and one more. */
export function standingSessions(db: Db, userId: string, now: Date, page: Page): Promise<Selectable<SessionsTable>[]> {
  let sessions = db
    .selectFrom('sessions')
    .selectAll()
    .where('user_id', '=', userId)
    .where('ended_at', 'is', null)
    .where('expires_at', '>', now)
    .orderBy('id', 'desc')
    .limit(page.limit + 1);
  if (page.last !== undefined) sessions = sessions.where('id', '<', page.last);
  return sessions.execute();
}

/** Whether a session stands, that is: nobody ended it and its account was not removed. */
export async function isStanding(db: Db, sessionId: string): Promise<boolean> {
  const found = await db
    .selectFrom('sessions')
    .select('id')
    .where('id', '=', sessionId)
    .where('ended_at', 'is', null)
    .executeTakeFirst();
  return found !== undefined;
}

/** Whether an account has, or had, a session. */
export async function isSessionOf(db: Db, userId: string, sessionId: string): Promise<boolean> {
  const found = await db
    .selectFrom('sessions')
    .select('id')
    .where('id', '=', sessionId)
    .where('user_id', '=', userId)
    .executeTakeFirst();
  return found !== undefined;
}

/** Ends an account's sessions, all of them or all but one, and tells which. */
export async function endSessionsOf(
  trx: Trx,
  userId: string,
  reason: SessionEnd,
  now: Date,
  o: { readonly except?: string } = {},
): Promise<void> {
  let sessions = trx
    .updateTable('sessions')
    .set({ ended_at: now, end_reason: reason })
    .where('user_id', '=', userId)
    .where('ended_at', 'is', null);
  if (o.except !== undefined) sessions = sessions.where('id', '!=', o.except);
  await tellEnded(trx, await sessions.returning('id').execute(), now);
}

/** Ends a session and tells so. One that has ended stays as it is. */
export async function endSession(trx: Trx, sessionId: string, reason: SessionEnd, now: Date): Promise<void> {
  const ended = await trx
    .updateTable('sessions')
    .set({ ended_at: now, end_reason: reason })
    .where('id', '=', sessionId)
    .where('ended_at', 'is', null)
    .returning('id')
    .execute();
  await tellEnded(trx, ended, now);
}

/** Tells the mesh, so that the access tokens of these sessions are refused. */
async function tellEnded(trx: Trx, ended: readonly { readonly id: string }[], now: Date): Promise<void> {
  for (let start = 0; start < ended.length; start += SESSIONS_PER_EVENT) {
    const sessionIds = ended.slice(start, start + SESSIONS_PER_EVENT).map(({ id }) => id);
    const fact = create(SessionsEndedSchema, { sessionIds, endTime: timestampFromDate(now) });
    await appendEvent(trx, SessionsEndedSchema, fact);
  }
}

/** Forgets a session's tokens that no longer work, used ones included. */
export async function deleteExpiredTokens(trx: Trx, sessionId: string, now: Date): Promise<void> {
  await trx.deleteFrom('refresh_tokens').where('session_id', '=', sessionId).where('expires_at', '<=', now).execute();
}

/** Forgets an account's sessions whose last token has ended. */
export async function deleteExpiredSessions(trx: Trx, userId: string, now: Date): Promise<void> {
  await trx.deleteFrom('sessions').where('user_id', '=', userId).where('expires_at', '<=', now).execute();
}
