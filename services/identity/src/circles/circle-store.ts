import type { Page } from '@irisvue/database';
import { sql } from 'kysely';
import type { CircleRow, CirclesDb, CirclesTrx } from './schema.ts';

/** A circle with the number of its members. */
export interface CountedCircle extends CircleRow {
  readonly member_count: number;
}

/** Keeps the account from owning one circle more until the transaction ends; false when there is no such account. */
export async function lockOwner(trx: CirclesTrx, userId: string): Promise<boolean> {
  const locked = await trx
    .selectFrom('users')
    .select('id')
    .where('id', '=', userId)
    .forNoKeyUpdate()
    .executeTakeFirst();
  return locked !== undefined;
}

/** How many circles an account owns. */
export async function countOwned(trx: CirclesTrx, userId: string): Promise<number> {
  const { count } = await trx
    .selectFrom('circles')
    .select((select) => select.fn.countAll<number>().as('count'))
    .where('owner_id', '=', userId)
    .executeTakeFirstOrThrow();
  return count;
}

/** Adds a circle. Its owner must become a member in the same transaction. */
export async function insertCircle(
  trx: CirclesTrx,
  circle: { readonly id: string; readonly name: string; readonly ownerId: string; readonly now: Date },
): Promise<void> {
  await trx
    .insertInto('circles')
    .values({
      id: circle.id,
      name: circle.name,
      owner_id: circle.ownerId,
      created_at: circle.now,
      updated_at: circle.now,
    })
    .execute();
}

/**
 * Takes the lock that every change of a circle, its members and its invitations holds: so they come one after another.
 * Undefined when there is no such circle.
 */
export function lockCircle(trx: CirclesTrx, circleId: string): Promise<CircleRow | undefined> {
  return trx.selectFrom('circles').selectAll().where('id', '=', circleId).forUpdate().executeTakeFirst();
}

/** Changes a circle's name or owner. */
export async function updateCircle(
  trx: CirclesTrx,
  circleId: string,
  change: { readonly name?: string; readonly owner_id?: string },
  now: Date,
): Promise<void> {
  await trx
    .updateTable('circles')
    .set({ ...change, updated_at: now })
    .where('id', '=', circleId)
    .execute();
}

/** Deletes a circle with its memberships and invitations. */
export async function deleteCircle(trx: CirclesTrx, circleId: string): Promise<void> {
  await trx.deleteFrom('circles').where('id', '=', circleId).execute();
}

/** A circle as its member `userId` sees it; undefined when that is no member, or there is no such circle. */
export function findCircle(db: CirclesDb, circleId: string, userId: string): Promise<CountedCircle | undefined> {
  return circlesOf(db, userId).where('circles.id', '=', circleId).executeTakeFirst();
}

/** The circles of a member, newest first, one more than the page holds. */
export function listCircles(db: CirclesDb, userId: string, page: Page): Promise<CountedCircle[]> {
  let query = circlesOf(db, userId);
  if (page.last !== undefined) query = query.where('circles.id', '<', page.last);
  return query
    .orderBy('circles.id', 'desc')
    .limit(page.limit + 1)
    .execute();
}

function circlesOf(db: CirclesDb, userId: string) {
  const count = sql<number>`(SELECT count(*) FROM circle_members AS m WHERE m.circle_id = circles.id)`;
  return db
    .selectFrom('circles')
    .innerJoin('circle_members as own', 'own.circle_id', 'circles.id')
    .where('own.user_id', '=', userId)
    .selectAll('circles')
    .select(count.as('member_count'));
}
