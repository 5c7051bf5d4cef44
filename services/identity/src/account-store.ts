import type { Database } from '@irisvue/database';
import { sql } from 'kysely';
import type { IdentityTables, UserRow } from './schema.ts';

type Db = Database<IdentityTables>;

/** Adds an account with a password. Undefined when the e-mail or the request id is taken. */
export function insertUser(
  db: Db,
  user: { id: string; email: string; passwordHash: string; requestId: string; now: Date },
): Promise<UserRow | undefined> {
  return db
    .insertInto('users')
    .values({
      id: user.id,
      email: user.email,
      password_hash: user.passwordHash,
      active: true,
      verified: false,
      request_id: user.requestId,
      created_at: user.now,
      updated_at: user.now,
    })
    .onConflict((conflict) => conflict.doNothing())
    .returningAll()
    .executeTakeFirst();
}

export function userByEmail(db: Db, email: string): Promise<UserRow | undefined> {
  return db.selectFrom('users').selectAll().where(sql`lower(email)`, '=', sql`lower(${email})`).executeTakeFirst();
}

export function userByRequestId(db: Db, requestId: string): Promise<UserRow | undefined> {
  return db.selectFrom('users').selectAll().where('request_id', '=', requestId).executeTakeFirst();
}

/** The holder of a session that stands at `now`, or undefined. */
export function userOfStandingSession(db: Db, sessionId: string, now: Date): Promise<UserRow | undefined> {
  return db
    .selectFrom('users')
    .innerJoin('sessions', 'sessions.user_id', 'users.id')
    .selectAll('users')
    .where('sessions.id', '=', sessionId)
    .where('sessions.ended_at', 'is', null)
    .where('sessions.expires_at', '>', now)
    .where('users.active', '=', true)
    .executeTakeFirst();
}
