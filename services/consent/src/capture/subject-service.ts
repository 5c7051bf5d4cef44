import { create } from '@bufbuild/protobuf';
import { timestampFromDate } from '@bufbuild/protobuf/wkt';
import type { ConnectRouter } from '@connectrpc/connect';
import { SubjectKind } from '@irisvue/contracts/irisvue/consent/v1/consent_service';
import {
  CapturePermissionSchema,
  MinorSchema,
  RepresentativeRelation,
  SubjectInvitationSchema,
  SubjectService,
} from '@irisvue/contracts/irisvue/consent/v1/subject_service';
import { requestKey } from '@irisvue/database';
import { requireUser } from '@irisvue/runtime';
import type { Accounts } from '../accounts.ts';
import type { Receipts } from '../receipts/receipts.ts';
import type { CapturePermissions } from './capture-permissions.ts';
import type { CapturePermissionRow } from './capture-store.ts';
import type { Invitations } from './invitations.ts';
import type { Minors } from './minors.ts';
import type { InvitationRow, MinorRow, RelationName } from './schema.ts';

const RELATIONS: Readonly<Record<RelationName, RepresentativeRelation>> = {
  parent: RepresentativeRelation.PARENT,
  guardian: RepresentativeRelation.GUARDIAN,
};

/** Mounts the public service about subjects who are not the uploader. */
export function subjectRoutes(o: {
  readonly invitations: Invitations;
  readonly permissions: CapturePermissions;
  readonly minors: Minors;
  readonly receipts: Pick<Receipts, 'of'>;
  readonly accounts: Accounts;
  /** What the pages that links open begin with. */
  readonly webUrl: string;
}): (router: ConnectRouter) => void {
  const { method } = SubjectService;
  return (router) => {
    router.service(SubjectService, {
      async createSubjectInvitation(request, context) {
        const { userId } = requireUser(context);
        await o.accounts.requireVerified(userId, context.signal);
        const { invitation, token } = await o.invitations.create({
          uploaderId: userId,
          validMs: request.validDuration && Number(request.validDuration.seconds) * 1000,
          request: requestKey(userId, method.createSubjectInvitation, request),
        });
        const url = token === '' ? '' : `${o.webUrl}/photos/permit#${token}`;
        return { invitation: invitationMessage(invitation), token, url };
      },
      async getSubjectInvitation({ token }, context) {
        requireUser(context);
        const invitation = await o.invitations.find(token);
        const uploaderMaskedEmail = await o.accounts.maskedEmail(invitation.uploader_id, context.signal);
        return { invitation: invitationMessage(invitation), uploaderMaskedEmail };
      },
      async listSubjectInvitations(_, context) {
        const rows = await o.invitations.list(requireUser(context).userId);
        return { invitations: rows.map(invitationMessage) };
      },
      async revokeSubjectInvitation(request, context) {
        const { userId } = requireUser(context);
        await o.invitations.revoke({
          id: request.invitationId,
          uploaderId: userId,
          request: requestKey(userId, method.revokeSubjectInvitation, request),
        });
        return {};
      },
      async acceptSubjectInvitation(request, context) {
        const { userId } = requireUser(context);
        await o.accounts.requireVerified(userId, context.signal);
        const permission = await o.permissions.accept({
          userId,
          token: request.token,
          fullAge: request.fullAge,
          request: requestKey(userId, method.acceptSubjectInvitation, request),
        });
        return { permission: permissionMessage(permission), receipt: await o.receipts.of(permission.id) };
      },
      async listCapturePermissions(_, context) {
        const { given, received } = await o.permissions.list(requireUser(context).userId);
        return { given: given.map(permissionMessage), received: received.map(permissionMessage) };
      },
      async withdrawCapturePermission(request, context) {
        const { userId } = requireUser(context);
        const eventId = await o.permissions.withdraw({
          userId,
          uploaderId: request.uploaderId.toLowerCase(),
          request: requestKey(userId, method.withdrawCapturePermission, request),
        });
        return { receipt: eventId === undefined ? '' : await o.receipts.of(eventId) };
      },
      async declareMinor(request, context) {
        const { userId } = requireUser(context);
        const minor = await o.minors.declare({
          userId,
          relation: request.relation === RepresentativeRelation.PARENT ? 'parent' : 'guardian',
          declared: request.declared,
          request: requestKey(userId, method.declareMinor, request),
        });
        return { minor: minorMessage(minor) };
      },
      async listMinors(_, context) {
        return { minors: (await o.minors.list(requireUser(context).userId)).map(minorMessage) };
      },
    });
  };
}

function invitationMessage(row: InvitationRow) {
  return create(SubjectInvitationSchema, {
    id: row.id,
    uploaderId: row.uploader_id,
    createTime: timestampFromDate(row.created_at),
    expireTime: timestampFromDate(row.expires_at),
    accepted: row.accepted_at !== null,
    revoked: row.revoked_at !== null,
  });
}

function permissionMessage(row: CapturePermissionRow) {
  return create(CapturePermissionSchema, {
    id: row.id,
    subject: { id: row.subject_id, kind: SubjectKind.SELF },
    uploaderId: row.uploader_id,
    granted: row.state === 'granted',
    grantTime: timestampFromDate(row.granted_at),
    withdrawTime: row.state === 'withdrawn' ? timestampFromDate(row.created_at) : undefined,
  });
}

function minorMessage(row: MinorRow) {
  return create(MinorSchema, {
    subject: { id: row.subject_id, kind: SubjectKind.MINOR },
    relation: RELATIONS[row.relation],
    declareTime: timestampFromDate(row.declared_at),
  });
}
