import { newId, once, type Page } from '@irisvue/database';
import { type Clock, DomainError, ErrorReason } from '@irisvue/runtime';
import { auditMembership } from '../audited.ts';
import { linkInvalid, newSecretToken, tokenDigest } from '../link-tokens.ts';
import { lockOwnCircle, noSuchCircle, onlyTheOwner, requireRoom } from './circle-rules.ts';
import { type CountedCircle, findCircle, lockCircle } from './circle-store.ts';
import type { Asked } from './circles.ts';
import {
  deleteInvitation,
  findInvitation,
  forgetEnded,
  insertInvitation,
  insertToken,
  listInvitations,
  type OpenedInvitation,
  openInvitation,
  takeUse,
} from './invitation-store.ts';
import { countMembers, insertMember, isMember } from './member-store.ts';
import type { CirclesDb, CirclesTrx, InvitationRow } from './schema.ts';

/** Invitations of one circle that can be used at a time: more links than anybody can keep track of. */
const INVITATIONS_PER_CIRCLE = 100;

/** Links that let people into a circle. The owner's calls refuse as those of Circles do. */
export interface Invitations {
  /**
   * Makes an invitation and a token that opens it. A repeated request gives the same invitation with one more token,
   * since the first one is not kept. EMAIL_NOT_VERIFIED; CIRCLE_LIMIT_REACHED {resource: invitation}.
   */
  create(
    o: Asked & { readonly circleId: string; readonly uses: number; readonly validMs: number },
  ): Promise<{ readonly invitation: InvitationRow; readonly token: string }>;
  /** Those that can be used, newest first, one more than the page holds. */
  list(circleId: string, userId: string, page: Page): Promise<InvitationRow[]>;
  /** Ends an invitation. NOT_FOUND {resource: invitation} when there is none in a circle that the caller owns. */
  revoke(o: Asked & { readonly invitationId: string }): Promise<void>;
  /** What a token opens. LINK_INVALID for any token that opens nothing. */
  open(token: string, userId: string): Promise<OpenedInvitation & { readonly alreadyMember: boolean }>;
  /**
   * Joins the circle that a token opens, and takes one use of it unless the caller is a member already. EMAIL_NOT_VERIFIED;
   * LINK_INVALID as open(); CIRCLE_LIMIT_REACHED {resource: member}.
   */
  accept(o: Asked & { readonly token: string }): Promise<CountedCircle>;
}

export function createInvitations(o: {
  readonly db: CirclesDb;
  readonly clock: Clock;
  /** Members that a circle may have, its owner included. */
  readonly membersPerCircle: number;
}): Invitations {
  const { db, clock } = o;

  return {
    async create({ circleId, userId, uses, validMs, request }) {
      const { token, sha256 } = newSecretToken();
      const invitation = await db.transaction().execute(async (trx) => {
        const { id, fresh } = await once(trx, request, async () => {
          await requireVerified(trx, userId);
          await lockOwnCircle(trx, circleId, userId);
          const now = clock.now();
          requireRoom('invitation', await forgetEnded(trx, circleId, now), INVITATIONS_PER_CIRCLE);
          const expiresAt = new Date(now.getTime() + validMs);
          const made = {
            id: newId(),
            circle_id: circleId,
            uses,
            uses_left: uses,
            created_at: now,
            expires_at: expiresAt,
          };
          await insertInvitation(trx, made);
          return made.id;
        });
        if (!fresh) await lockOwnCircle(trx, circleId, userId);
        const standing = await findInvitation(trx, id);
        if (standing === undefined) throw noSuchInvitation(id);
        await insertToken(trx, id, sha256);
        return standing;
      });
      return { invitation, token };
    },

    async list(circleId, userId, page) {
      const circle = await findCircle(db, circleId, userId);
      if (circle === undefined) throw noSuchCircle(circleId);
      if (circle.owner_id !== userId) throw onlyTheOwner();
      return await listInvitations(db, circleId, clock.now(), page);
    },

    async revoke({ invitationId, userId, request }) {
      await db.transaction().execute((trx) =>
        once(trx, request, async () => {
          const invitation = await findInvitation(trx, invitationId);
          const circle = invitation && (await lockCircle(trx, invitation.circle_id));
          if (circle?.owner_id !== userId) throw noSuchInvitation(invitationId);
          await deleteInvitation(trx, invitationId);
          return invitationId;
        }),
      );
    },

    async open(token, userId) {
      const invitation = await openInvitation(db, tokenDigest(token), clock.now());
      if (invitation === undefined) throw linkInvalid();
      return { ...invitation, alreadyMember: await isMember(db, invitation.circle_id, userId) };
    },

    async accept({ token, userId, request }) {
      const sha256 = tokenDigest(token);
      const { id: circleId } = await db.transaction().execute((trx) =>
        once(trx, request, async () => {
          await requireVerified(trx, userId);
          const now = clock.now();
          const opened = await openInvitation(trx, sha256, now);
          const circle = opened && (await lockCircle(trx, opened.circle_id));
          if (circle === undefined) throw linkInvalid();
          if (await isMember(trx, circle.id, userId)) return circle.id;
          if (!(await takeUse(trx, sha256, now))) throw linkInvalid();
          requireRoom('member', await countMembers(trx, circle.id), o.membersPerCircle);
          await insertMember(trx, { id: newId(), circleId: circle.id, userId, now });
          await auditMembership(trx, 'joined', { circleId: circle.id, memberId: userId, byUserId: userId, time: now });
          return circle.id;
        }),
      );
      const circle = await findCircle(db, circleId, userId);
      if (circle === undefined) throw noSuchCircle(circleId);
      return circle;
    },
  };
}

/** EMAIL_NOT_VERIFIED unless the account's e-mail is verified; TOKEN_INVALID when the account is closed or gone. */
async function requireVerified(trx: CirclesTrx, userId: string): Promise<void> {
  const user = await trx.selectFrom('users').select(['active', 'verified']).where('id', '=', userId).executeTakeFirst();
  if (!user?.active) throw new DomainError(ErrorReason.TOKEN_INVALID, 'the account is closed');
  if (user.verified) return;
  throw new DomainError(ErrorReason.EMAIL_NOT_VERIFIED, 'the e-mail of the account must be verified first');
}

function noSuchInvitation(id: string): DomainError {
  return new DomainError(ErrorReason.NOT_FOUND, 'there is no such invitation', { resource: 'invitation', id });
}
