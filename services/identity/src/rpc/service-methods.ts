import { timestampFromDate } from '@bufbuild/protobuf/wkt';
import type { ServiceImpl } from '@connectrpc/connect';
import { MailTemplate, Role, ServiceIdentityService } from '@irisvue/contracts/irisvue/identity/v1/identity_service';
import { DomainError, ErrorReason, requireService } from '@irisvue/runtime';
import type { SignedToken } from '@irisvue/signing-keys';
import type { MailTemplate as MailTemplateName } from '../mail/mail-texts.ts';
import { maskedEmail } from '../masked-email.ts';
import type { RequestKeyOf } from '../request-key.ts';
import type { SetRole } from '../roles.ts';
import type { ProviderName, UserRow } from '../schema.ts';
import type { ServiceMails } from '../service-mails.ts';
import { COMMAND } from '../service-tokens.ts';
import type { Sessions } from '../sessions.ts';
import { userMessage } from '../user-message.ts';

export interface ServiceRooms {
  readonly sessions: Sessions;
  readonly serviceToken: (service: string, secret: string) => Promise<SignedToken>;
  readonly userById: (id: string) => Promise<UserRow | undefined>;
  readonly serviceMails: ServiceMails;
  readonly setRole: SetRole;
  readonly providersOf: (userId: string) => Promise<ProviderName[]>;
  readonly requestKey: RequestKeyOf;
}

const TEMPLATES: Readonly<Record<number, MailTemplateName>> = {
  [MailTemplate.ARTWORK_PERMISSION_REQUESTED]: 'artwork_permission_requested',
  [MailTemplate.JOINT_ARTWORK_WITHDRAWN]: 'joint_artwork_withdrawn',
  [MailTemplate.ERASURE_COMPLETED]: 'erasure_completed',
  [MailTemplate.EXPORT_READY]: 'export_ready',
};

// Who deals with people, and so has something to ask or to tell.
const KNOWING_PEOPLE = ['consent', 'jobs'];

/** What the other services may ask. */
export function serviceMethods(o: ServiceRooms) {
  return {
    async createServiceToken(request) {
      const { token, expiresAt } = await o.serviceToken(request.service, request.secret);
      return { token, expireTime: timestampFromDate(expiresAt) };
    },
    async checkSession(request, context) {
      requireService(context, 'jobs');
      return { active: (await o.sessions.holder(request.sessionId)) !== undefined };
    },
    async getUserState(request, context) {
      requireService(context, ...KNOWING_PEOPLE);
      const user = await o.userById(request.userId);
      if (user === undefined) throw noSuchUser(request.userId);
      return { active: user.active, verified: user.verified, maskedEmail: maskedEmail(user.email) };
    },
    async sendMail(request, context) {
      const { service } = requireService(context, ...KNOWING_PEOPLE);
      if ((await o.userById(request.userId)) === undefined) throw noSuchUser(request.userId);
      const key = o.requestKey(`service:${service}`, ServiceIdentityService.method.sendMail, request);
      const { userId, parameters } = request;
      return { mailId: await o.serviceMails(key, { template: TEMPLATES[request.template]!, userId, parameters }) };
    },
    async setRole(request, context) {
      requireService(context, COMMAND);
      const user = await o.setRole(request.email, request.role === Role.OPERATOR ? 'operator' : 'user');
      return { user: userMessage(user, await o.providersOf(user.id)) };
    },
  } satisfies Partial<ServiceImpl<typeof ServiceIdentityService>>;
}

function noSuchUser(id: string): DomainError {
  return new DomainError(ErrorReason.NOT_FOUND, 'there is no such account', { resource: 'user', id });
}
