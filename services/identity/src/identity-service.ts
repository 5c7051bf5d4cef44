import { timestampFromDate } from '@bufbuild/protobuf/wkt';
import type { ConnectRouter } from '@connectrpc/connect';
import { IdentityService, ServiceIdentityService } from '@irisvue/contracts/irisvue/identity/v1/identity_service';
import { DomainError, ErrorReason, requireService, requireUser } from '@irisvue/runtime';
import type { SignedToken } from '@irisvue/signing-keys';
import type { Accounts } from './accounts.ts';
import type { UserRow } from './schema.ts';
import type { Sessions, Tokens } from './sessions.ts';

/** What needs no token: it is how one comes by a token. */
export const OPEN_METHODS = [
  IdentityService.method.createUser,
  IdentityService.method.createSession,
  IdentityService.method.refreshSession,
  ServiceIdentityService.method.createServiceToken,
];

/** Mounts both services of identity. */
export function identityRoutes(o: {
  readonly accounts: Accounts;
  readonly sessions: Sessions;
  readonly serviceToken: (service: string, secret: string) => Promise<SignedToken>;
}): (router: ConnectRouter) => void {
  const { accounts, sessions } = o;
  return (router) => {
    router.service(IdentityService, {
      async createUser(request) {
        const user = await accounts.create(request);
        return { user: userMessage(user), tokens: tokensMessage(await sessions.start(user.id)) };
      },
      async createSession(request) {
        const user = await accounts.authenticate(request.email, request.password);
        return { user: userMessage(user), tokens: tokensMessage(await sessions.start(user.id)) };
      },
      async refreshSession(request) {
        return { tokens: tokensMessage(await sessions.refresh(request.refreshToken)) };
      },
      async deleteSession(_, context) {
        await sessions.end(requireUser(context).sessionId);
        return {};
      },
      async getUser(_, context) {
        const user = await sessions.holder(requireUser(context).sessionId);
        // The token is still good elsewhere until it ends; here the end of its session is known.
        if (user === undefined) throw new DomainError(ErrorReason.TOKEN_INVALID, 'the session has ended');
        return { user: userMessage(user) };
      },
    });

    router.service(ServiceIdentityService, {
      async createServiceToken(request) {
        const { token, expiresAt } = await o.serviceToken(request.service, request.secret);
        return { token, expireTime: timestampFromDate(expiresAt) };
      },
      async checkSession(request, context) {
        requireService(context);
        return { active: (await sessions.holder(request.sessionId)) !== undefined };
      },
    });
  };
}

function userMessage(user: UserRow) {
  return {
    id: user.id,
    email: user.email,
    active: user.active,
    verified: user.verified,
    createTime: timestampFromDate(user.created_at),
    updateTime: timestampFromDate(user.updated_at),
  };
}

function tokensMessage(tokens: Tokens) {
  return {
    accessToken: tokens.accessToken,
    accessExpireTime: timestampFromDate(tokens.accessExpiresAt),
    refreshToken: tokens.refreshToken,
    refreshExpireTime: timestampFromDate(tokens.refreshExpiresAt),
  };
}
