import type { Page } from '@irisvue/database';
import type { CirclesDb, CirclesTrx, InvitationRow } from './schema.ts';

/** What an invitation tells to whom holds its token. */
export interface OpenedInvitation {
  readonly circle_id: string;
  readonly circle_name: string;
  readonly owner_email: string;
  readonly expires_at: Date;
}

export async function insertInvitation(trx: CirclesTrx, invitation: InvitationRow): Promise<void> {
  await trx.insertInto('circle_invitations').values(invitation).execute();
}

/** Lets one more token open an invitation. */
export async function insertToken(trx: CirclesTrx, invitationId: string, sha256: Buffer): Promise<void> {
  await trx.insertInto('circle_invitation_tokens').values({ sha256, invitation_id: invitationId }).execute();
}

/** Forgets the invitations of a circle that cannot be used any more; gives how many are left. */
export async function forgetEnded(trx: CirclesTrx, circleId: string, now: Date): Promise<number> {
  await trx
    .deleteFrom('circle_invitations')
    .where('circle_id', '=', circleId)
    .where((either) => either.or([either('uses_left', '=', 0), either('expires_at', '<=', now)]))
    .execute();
  const { count } = await trx
    .selectFrom('circle_invitations')
    .select((select) => select.fn.countAll<number>().as('count'))
    .where('circle_id', '=', circleId)
    .executeTakeFirstOrThrow();
  return count;
}

/** An invitation, whether it can still be used or not. */
export function findInvitation(db: CirclesDb, id: string): Promise<InvitationRow | undefined> {
  return db.selectFrom('circle_invitations').selectAll().where('id', '=', id).executeTakeFirst();
}

/** The invitations of a circle that can be used at `now`, newest first, one more than the page holds. */
export function listInvitations(db: CirclesDb, circleId: string, now: Date, page: Page): Promise<InvitationRow[]> {
  let query = db
    .selectFrom('circle_invitations')
    .selectAll()
    .where('circle_id', '=', circleId)
    .where('uses_left', '>', 0)
    .where('expires_at', '>', now);
  if (page.last !== undefined) query = query.where('id', '<', page.last);
  return query
    .orderBy('id', 'desc')
    .limit(page.limit + 1)
    .execute();
}

export async function deleteInvitation(trx: CirclesTrx, id: string): Promise<void> {
  await trx.deleteFrom('circle_invitations').where('id', '=', id).execute();
}

/** What a token opens at `now`; undefined when it is unknown, or its invitation is used up or expired. */
export function openInvitation(db: CirclesDb, sha256: Buffer, now: Date): Promise<OpenedInvitation | undefined> {
  return db
    .selectFrom('circle_invitation_tokens as token')
    .innerJoin('circle_invitations as invitation', 'invitation.id', 'token.invitation_id')
    .innerJoin('circles', 'circles.id', 'invitation.circle_id')
    .innerJoin('users as owner', 'owner.id', 'circles.owner_id')
    .select(['circles.id as circle_id', 'circles.name as circle_name', 'owner.email as owner_email'])
    .select('invitation.expires_at')
    .where('token.sha256', '=', sha256)
    .where('invitation.uses_left', '>', 0)
    .where('invitation.expires_at', '>', now)
    .executeTakeFirst();
}

/** Takes one use of the invitation that a token opens; false when there is none left or it has ended. */
export async function takeUse(trx: CirclesTrx, sha256: Buffer, now: Date): Promise<boolean> {
  const { numUpdatedRows } = await trx
    .updateTable('circle_invitations')
    .from('circle_invitation_tokens as token')
    .set((set) => ({ uses_left: set('circle_invitations.uses_left', '-', 1) }))
    .whereRef('token.invitation_id', '=', 'circle_invitations.id')
    .where('token.sha256', '=', sha256)
    .where('circle_invitations.uses_left', '>', 0)
    .where('circle_invitations.expires_at', '>', now)
    .executeTakeFirst();
  return numUpdatedRows > 0n;
}
