import type { ServiceImpl } from '@connectrpc/connect';
import { IdentityService } from '@irisvue/contracts/irisvue/identity/v1/identity_service';
import type { Accounts } from '../accounts.ts';
import { callerAddress } from '../client-address.ts';
import type { EmailChanges } from '../email-changes.ts';
import { accountLanguage } from '../language.ts';
import type { PasswordChanges } from '../password-changes.ts';
import { NOBODY, type RequestKeyOf } from '../request-key.ts';
import type { ProviderName, UserRow } from '../schema.ts';
import type { Sessions } from '../sessions.ts';
import { tokensMessage, userMessage } from '../user-message.ts';
import { signedIn } from './signed-in.ts';

export interface AccountRooms {
  readonly accounts: Accounts;
  readonly emailChanges: EmailChanges;
  readonly passwordChanges: PasswordChanges;
  readonly sessions: Sessions;
  readonly providersOf: (userId: string) => Promise<ProviderName[]>;
  readonly requestKey: RequestKeyOf;
}

const rpc = IdentityService.method;

/** Accounts, their e-mail and their password. */
export function accountMethods(o: AccountRooms) {
  const { accounts, emailChanges, passwordChanges, sessions, requestKey } = o;
  const messageOf = async (user: UserRow) => userMessage(user, await o.providersOf(user.id));
  return {
    async createUser(request, context) {
      const language = accountLanguage(request.language, context);
      const user = await accounts.create({ ...request, language, address: callerAddress(context) });
      const tokens = await sessions.start(user, request.clientName);
      return { user: await messageOf(user), tokens: tokensMessage(tokens) };
    },
    async createSession(request, context) {
      const user = await accounts.authenticate({ ...request, address: callerAddress(context) });
      const tokens = await sessions.start(user, request.clientName);
      return { user: await messageOf(user), tokens: tokensMessage(tokens) };
    },
    async getUser(_, context) {
      return { user: await messageOf((await signedIn(sessions, context)).user) };
    },

    async sendEmailVerification(request, context) {
      const { user } = await signedIn(sessions, context);
      const key = requestKey(user.id, rpc.sendEmailVerification, request);
      await emailChanges.sendVerification(key, user, { address: callerAddress(context) });
      return {};
    },
    async verifyEmail(request) {
      await emailChanges.verify(requestKey(NOBODY, rpc.verifyEmail, request), request.token);
      return {};
    },
    async sendEmailChange(request, context) {
      const { user } = await signedIn(sessions, context);
      const { password, email } = request;
      const key = requestKey(user.id, rpc.sendEmailChange, request);
      await emailChanges.sendChange(key, user, { password, email, address: callerAddress(context) });
      return {};
    },
    async changeEmail(request) {
      await emailChanges.change(requestKey(NOBODY, rpc.changeEmail, request), request.token);
      return {};
    },

    async sendPasswordReset(request, context) {
      const key = requestKey(NOBODY, rpc.sendPasswordReset, request);
      await passwordChanges.sendReset(key, { email: request.email, address: callerAddress(context) });
      return {};
    },
    async resetPassword(request) {
      const { token, password } = request;
      await passwordChanges.reset(requestKey(NOBODY, rpc.resetPassword, request), { token, password });
      return {};
    },
    async changePassword(request, context) {
      const { user, sessionId } = await signedIn(sessions, context);
      const { currentPassword, password } = request;
      const address = callerAddress(context);
      const key = requestKey(user.id, rpc.changePassword, request);
      await passwordChanges.change(key, user, { sessionId, currentPassword, password, address });
      return {};
    },
  } satisfies Partial<ServiceImpl<typeof IdentityService>>;
}
