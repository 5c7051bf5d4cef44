import type { Page } from '@irisvue/database';
import type { CirclesDb, CirclesTrx } from './schema.ts';

/** A membership with what it takes to show it. */
export interface MemberRow {
  /** The membership's id. */
  readonly id: string;
  readonly user_id: string;
  readonly joined_at: Date;
  readonly email: string;
  readonly owner_id: string;
}

/** A membership of an active account. */
export interface ActiveMemberRow {
  readonly id: string;
  readonly user_id: string;
  readonly joined_at: Date;
}

export async function insertMember(
  trx: CirclesTrx,
  member: { readonly id: string; readonly circleId: string; readonly userId: string; readonly now: Date },
): Promise<void> {
  await trx
    .insertInto('circle_members')
    .values({ id: member.id, circle_id: member.circleId, user_id: member.userId, joined_at: member.now })
    .execute();
}

export async function isMember(db: CirclesDb, circleId: string, userId: string): Promise<boolean> {
  const found = await db
    .selectFrom('circle_members')
    .select('id')
    .where('circle_id', '=', circleId)
    .where('user_id', '=', userId)
    .executeTakeFirst();
  return found !== undefined;
}

export async function countMembers(trx: CirclesTrx, circleId: string): Promise<number> {
  const { count } = await trx
    .selectFrom('circle_members')
    .select((select) => select.fn.countAll<number>().as('count'))
    .where('circle_id', '=', circleId)
    .executeTakeFirstOrThrow();
  return count;
}

/** Ends a membership; false when there is none. */
export async function deleteMember(trx: CirclesTrx, circleId: string, userId: string): Promise<boolean> {
  const { numDeletedRows } = await trx
    .deleteFrom('circle_members')
    .where('circle_id', '=', circleId)
    .where('user_id', '=', userId)
    .executeTakeFirst();
  return numDeletedRows > 0n;
}

/** The members of a circle in the order in which they joined, one more than the page holds. */
export function listMembers(db: CirclesDb, circleId: string, page: Page): Promise<MemberRow[]> {
  let query = db
    .selectFrom('circle_members as member')
    .innerJoin('users', 'users.id', 'member.user_id')
    .innerJoin('circles', 'circles.id', 'member.circle_id')
    .select(['member.id', 'member.user_id', 'member.joined_at', 'users.email', 'circles.owner_id'])
    .where('member.circle_id', '=', circleId);
  if (page.last !== undefined) query = query.where('member.id', '>', page.last);
  return query
    .orderBy('member.id')
    .limit(page.limit + 1)
    .execute();
}

/** All members of a circle whose accounts are active, in the order in which they joined; or only `userId`, if it is one. */
export function activeMembers(db: CirclesDb, circleId: string, userId?: string): Promise<ActiveMemberRow[]> {
  let query = db
    .selectFrom('circle_members as member')
    .innerJoin('users', 'users.id', 'member.user_id')
    .select(['member.id', 'member.user_id', 'member.joined_at'])
    .where('member.circle_id', '=', circleId)
    .where('users.active', '=', true);
  if (userId !== undefined) query = query.where('member.user_id', '=', userId);
  return query.orderBy('member.id').execute();
}
