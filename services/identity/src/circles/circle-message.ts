import { timestampFromDate } from '@bufbuild/protobuf/wkt';
import { CircleRole } from '@irisvue/contracts/irisvue/identity/v1/circle_service';
import { maskedEmail } from '../masked-email.ts';
import type { CountedCircle } from './circle-store.ts';
import type { ActiveMemberRow, MemberRow } from './member-store.ts';
import type { InvitationRow } from './schema.ts';

/** A circle as its member `userId` sees it. */
export function circleMessage(circle: CountedCircle, userId: string) {
  return {
    id: circle.id,
    name: circle.name,
    ownerId: circle.owner_id,
    role: roleOf(userId, circle),
    memberCount: circle.member_count,
    createTime: timestampFromDate(circle.created_at),
    updateTime: timestampFromDate(circle.updated_at),
  };
}

/** A member as the other members see it. */
export function memberMessage(member: MemberRow) {
  return {
    userId: member.user_id,
    maskedEmail: maskedEmail(member.email),
    role: roleOf(member.user_id, member),
    joinTime: timestampFromDate(member.joined_at),
  };
}

/** A member as services see it. */
export function activeMemberMessage(member: ActiveMemberRow) {
  return { userId: member.user_id, membershipId: member.id, joinTime: timestampFromDate(member.joined_at) };
}

/** An invitation as the owner sees it. */
export function invitationMessage(invitation: InvitationRow) {
  return {
    id: invitation.id,
    circleId: invitation.circle_id,
    uses: invitation.uses,
    usesLeft: invitation.uses_left,
    createTime: timestampFromDate(invitation.created_at),
    expireTime: timestampFromDate(invitation.expires_at),
  };
}

function roleOf(userId: string, circle: { readonly owner_id: string }): CircleRole {
  return userId === circle.owner_id ? CircleRole.OWNER : CircleRole.MEMBER;
}
