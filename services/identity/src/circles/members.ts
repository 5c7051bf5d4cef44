import { once, type Page } from '@irisvue/database';
import { DomainError, ErrorReason } from '@irisvue/runtime';
import { auditMembership } from '../audited.ts';
import { lockCircleOf, lockOwnCircle, noSuchMember, requireMember } from './circle-rules.ts';
import type { Asked } from './circles.ts';
import { type ActiveMemberRow, activeMembers, deleteMember, listMembers, type MemberRow } from './member-store.ts';
import type { CirclesDb } from './schema.ts';

/** Who is in a circle. The calls of users refuse as those of Circles do. */
export interface Members {
  /** In the order in which they joined, one more than the page holds. */
  list(circleId: string, userId: string, page: Page): Promise<MemberRow[]>;
  /** Ends the membership of `memberId`. The owner only, and not the owner's own: OWNER_CANNOT_LEAVE. */
  remove(o: Asked & { readonly circleId: string; readonly memberId: string }): Promise<void>;
  /** Ends the caller's membership. OWNER_CANNOT_LEAVE for the owner. */
  leave(o: Asked & { readonly circleId: string }): Promise<void>;
  /** Members with active accounts, for services; only `userId` when given. */
  active(circleId: string, userId?: string): Promise<ActiveMemberRow[]>;
}

export function createMembers(o: { readonly db: CirclesDb }): Members {
  const { db } = o;
  return {
    async list(circleId, userId, page) {
      await requireMember(db, circleId, userId);
      return await listMembers(db, circleId, page);
    },
    async remove({ circleId, userId, memberId, request }) {
      await db.transaction().execute((trx) =>
        once(trx, request, async () => {
          const circle = await lockOwnCircle(trx, circleId, userId);
          if (memberId === circle.owner_id) throw ownerCannotLeave(circleId);
          if (!(await deleteMember(trx, circleId, memberId))) throw noSuchMember(memberId);
          await auditMembership(trx, 'left', { circleId, memberId, byUserId: userId });
          return memberId;
        }),
      );
    },
    async leave({ circleId, userId, request }) {
      await db.transaction().execute((trx) =>
        once(trx, request, async () => {
          const circle = await lockCircleOf(trx, circleId, userId);
          if (userId === circle.owner_id) throw ownerCannotLeave(circleId);
          await deleteMember(trx, circleId, userId);
          await auditMembership(trx, 'left', { circleId, memberId: userId, byUserId: userId });
          return circleId;
        }),
      );
    },
    active: (circleId, userId) => activeMembers(db, circleId, userId),
  };
}

function ownerCannotLeave(circleId: string): DomainError {
  const message = 'the owner hands the circle over or deletes it before leaving';
  return new DomainError(ErrorReason.OWNER_CANNOT_LEAVE, message, { circle_id: circleId });
}
