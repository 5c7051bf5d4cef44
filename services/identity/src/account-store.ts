import type { Database } from '@irisvue/database';
import { sql } from 'kysely';
import type { Language } from './language.ts';
import type { IdentityTables, Role, UserRow } from './schema.ts';

type Db = Database<IdentityTables>;

/** Adds an account with a password. Undefined when the e-mail or the request id is taken. */
export function insertUser(
  db: Db,
  user: { id: string; email: string; passwordHash: string; requestId: string; language: Language; now: Date },
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
      language: user.language,
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

export function userById(db: Db, id: string): Promise<UserRow | undefined> {
  return db.selectFrom('users').selectAll().where('id', '=', id).executeTakeFirst();
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

/** An active account that still has this e-mail: what a link that went there may change. */
export interface ProvenAddress {
  readonly userId: string;
  readonly email: string;
}

/** Marks the e-mail as verified, and sets a password if one is given; false when the account has another one by now. */
export async function updateProven(
  db: Db,
  proven: ProvenAddress,
  now: Date,
  change: { readonly passwordHash?: string } = {},
): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable('users')
    .set({
      verified: true,
      updated_at: now,
      ...(change.passwordHash !== undefined && { password_hash: change.passwordHash }),
    })
    .where('id', '=', proven.userId)
    .where(sql`lower(email)`, '=', sql`lower(${proven.email})`)
    .where('active', '=', true)
    .executeTakeFirst();
  return numUpdatedRows === 1n;
}

export async function updatePassword(db: Db, userId: string, passwordHash: string, now: Date): Promise<void> {
  await db
    .updateTable('users')
    .set({ password_hash: passwordHash, updated_at: now })
    .where('id', '=', userId)
    .execute();
}

/** Gives an active account another, verified e-mail. Throws PostgreSQL's unique violation when that one is taken. */
export async function updateEmail(db: Db, to: ProvenAddress, now: Date): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable('users')
    .set({ email: to.email, verified: true, updated_at: now })
    .where('id', '=', to.userId)
    .where('active', '=', true)
    .executeTakeFirst();
  return numUpdatedRows === 1n;
}

/** The account, not to be changed by others before the transaction ends. */
export function lockUser(trx: Db, id: string): Promise<UserRow | undefined> {
  return trx.selectFrom('users').selectAll().where('id', '=', id).forUpdate().executeTakeFirst();
}

export function updateRole(db: Db, id: string, role: Role, now: Date): Promise<UserRow> {
  return db
    .updateTable('users')
    .set({ role, updated_at: now })
    .where('id', '=', id)
    .returningAll()
    .executeTakeFirstOrThrow();
}
