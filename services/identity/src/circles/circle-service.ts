import { durationMs, timestampFromDate } from '@bufbuild/protobuf/wkt';
import type { ConnectRouter, ServiceImpl } from '@connectrpc/connect';
import { CircleService, ServiceCircleService } from '@irisvue/contracts/irisvue/identity/v1/circle_service';
import { cutPage, readPage, requestKey } from '@irisvue/database';
import { requireService, requireUser } from '@irisvue/runtime';
import { maskedEmail } from '../masked-email.ts';
import { activeMemberMessage, circleMessage, invitationMessage, memberMessage } from './circle-message.ts';
import type { Circles } from './circles.ts';
import type { Invitations } from './invitations.ts';
import type { Members } from './members.ts';

const DEFAULT_USES = 1;
const DEFAULT_VALID_MS = 7 * 24 * 3_600_000;
/** The services that decide by membership what may be seen. */
const ASKING_SERVICES = ['jobs', 'consent'];

/** What the two services are made of. */
export interface CircleParts {
  readonly circles: Circles;
  readonly members: Members;
  readonly invitations: Invitations;
  /** Where the pages are that links open. */
  readonly webUrl: string;
}

/** Mounts both services of circles. */
export function circleRoutes(parts: CircleParts): (router: ConnectRouter) => void {
  return (router) => {
    router.service(CircleService, {
      ...circleCalls(parts.circles),
      ...memberCalls(parts.members),
      ...invitationCalls(parts.invitations, parts.webUrl),
    });
    router.service(ServiceCircleService, serviceCalls(parts.members));
  };
}

const { method } = CircleService;
type Calls<Name extends keyof ServiceImpl<typeof CircleService>> = Pick<ServiceImpl<typeof CircleService>, Name>;

function circleCalls(
  circles: Circles,
): Calls<'createCircle' | 'getCircle' | 'listCircles' | 'renameCircle' | 'deleteCircle' | 'transferOwnership'> {
  return {
    async createCircle(request, context) {
      const { userId } = requireUser(context);
      const key = requestKey(userId, method.createCircle, request);
      return { circle: circleMessage(await circles.create({ userId, name: request.name, request: key }), userId) };
    },
    async getCircle(request, context) {
      const { userId } = requireUser(context);
      return { circle: circleMessage(await circles.get(request.circleId, userId), userId) };
    },
    async listCircles(request, context) {
      const { userId } = requireUser(context);
      const page = readPage(request);
      const { shown, nextPageToken } = cutPage(await circles.list(userId, page), page);
      return { circles: shown.map((circle) => circleMessage(circle, userId)), nextPageToken };
    },
    async renameCircle(request, context) {
      const { userId } = requireUser(context);
      const { circleId, name } = request;
      const key = requestKey(userId, method.renameCircle, request);
      return { circle: circleMessage(await circles.rename({ userId, circleId, name, request: key }), userId) };
    },
    async deleteCircle(request, context) {
      const { userId } = requireUser(context);
      const key = requestKey(userId, method.deleteCircle, request);
      await circles.delete({ userId, circleId: request.circleId, request: key });
      return {};
    },
    async transferOwnership(request, context) {
      const { userId } = requireUser(context);
      const { circleId, userId: toUserId } = request;
      const key = requestKey(userId, method.transferOwnership, request);
      return { circle: circleMessage(await circles.transfer({ userId, circleId, toUserId, request: key }), userId) };
    },
  };
}

function memberCalls(members: Members): Calls<'listMembers' | 'removeMember' | 'leaveCircle'> {
  return {
    async listMembers(request, context) {
      const page = readPage(request);
      const rows = await members.list(request.circleId, requireUser(context).userId, page);
      const { shown, nextPageToken } = cutPage(rows, page);
      return { members: shown.map(memberMessage), nextPageToken };
    },
    async removeMember(request, context) {
      const { userId } = requireUser(context);
      const { circleId, userId: memberId } = request;
      await members.remove({ userId, circleId, memberId, request: requestKey(userId, method.removeMember, request) });
      return {};
    },
    async leaveCircle(request, context) {
      const { userId } = requireUser(context);
      const key = requestKey(userId, method.leaveCircle, request);
      await members.leave({ userId, circleId: request.circleId, request: key });
      return {};
    },
  };
}

function invitationCalls(
  invitations: Invitations,
  webUrl: string,
): Calls<'createInvitation' | 'listInvitations' | 'revokeInvitation' | 'getInvitation' | 'acceptInvitation'> {
  return {
    async createInvitation(request, context) {
      const { userId } = requireUser(context);
      const { invitation, token } = await invitations.create({
        userId,
        circleId: request.circleId,
        uses: request.uses || DEFAULT_USES,
        validMs: request.validDuration ? durationMs(request.validDuration) : DEFAULT_VALID_MS,
        request: requestKey(userId, method.createInvitation, request),
      });
      return { invitation: invitationMessage(invitation), token, url: `${webUrl}/circles/join#${token}` };
    },
    async listInvitations(request, context) {
      const page = readPage(request);
      const rows = await invitations.list(request.circleId, requireUser(context).userId, page);
      const { shown, nextPageToken } = cutPage(rows, page);
      return { invitations: shown.map(invitationMessage), nextPageToken };
    },
    async revokeInvitation(request, context) {
      const { userId } = requireUser(context);
      const key = requestKey(userId, method.revokeInvitation, request);
      await invitations.revoke({ userId, invitationId: request.invitationId, request: key });
      return {};
    },
    async getInvitation(request, context) {
      const opened = await invitations.open(request.token, requireUser(context).userId);
      return {
        circleName: opened.circle_name,
        maskedEmail: maskedEmail(opened.owner_email),
        expireTime: timestampFromDate(opened.expires_at),
        alreadyMember: opened.alreadyMember,
      };
    },
    async acceptInvitation(request, context) {
      const { userId } = requireUser(context);
      const key = requestKey(userId, method.acceptInvitation, request);
      const circle = await invitations.accept({ userId, token: request.token, request: key });
      return { circle: circleMessage(circle, userId) };
    },
  };
}

function serviceCalls(members: Members): ServiceImpl<typeof ServiceCircleService> {
  return {
    async listActiveMembers(request, context) {
      requireService(context, ...ASKING_SERVICES);
      return { members: (await members.active(request.circleId)).map(activeMemberMessage) };
    },
    async checkMembership(request, context) {
      requireService(context, ...ASKING_SERVICES);
      const [member] = await members.active(request.circleId, request.userId);
      return { member: member && activeMemberMessage(member) };
    },
  };
}
