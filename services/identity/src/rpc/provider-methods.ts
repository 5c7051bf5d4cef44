import { timestampFromDate } from '@bufbuild/protobuf/wkt';
import type { ServiceImpl } from '@connectrpc/connect';
import { IdentityService, Provider } from '@irisvue/contracts/irisvue/identity/v1/identity_service';
import { DomainError, ErrorReason } from '@irisvue/runtime';
import { callerAddress } from '../client-address.ts';
import { accountLanguage } from '../language.ts';
import type { ProviderAccounts } from '../providers/provider-accounts.ts';
import { NOBODY, type RequestKeyOf } from '../request-key.ts';
import type { ProviderName, UserRow } from '../schema.ts';
import type { Sessions } from '../sessions.ts';
import { tokensMessage, userMessage } from '../user-message.ts';
import { signedIn } from './signed-in.ts';

export interface ProviderRooms {
  readonly providerAccounts: ProviderAccounts;
  readonly sessions: Sessions;
  readonly providersOf: (userId: string) => Promise<ProviderName[]>;
  readonly requestKey: RequestKeyOf;
}

const rpc = IdentityService.method;

/** Signing in with Apple and Google, linking and unlinking. */
export function providerMethods({ providerAccounts, sessions, providersOf, requestKey }: ProviderRooms) {
  const messageOf = async (user: UserRow) => userMessage(user, await providersOf(user.id));
  return {
    async createProviderNonce() {
      const { nonce, expiresAt } = await providerAccounts.createNonce();
      return { nonce, expireTime: timestampFromDate(expiresAt) };
    },
    async createProviderSession(request, context) {
      const key = requestKey(NOBODY, rpc.createProviderSession, request);
      const proof = { ...request, provider: nameOf(request.provider) };
      const { user, created } = await providerAccounts.signIn(key, proof, {
        address: callerAddress(context),
        language: accountLanguage(request.language, context),
      });
      const tokens = await sessions.start(user, request.clientName);
      return { user: await messageOf(user), tokens: tokensMessage(tokens), created };
    },
    async linkProvider(request, context) {
      const { user } = await signedIn(sessions, context);
      const proof = { ...request, provider: nameOf(request.provider) };
      await providerAccounts.link(requestKey(user.id, rpc.linkProvider, request), user, proof);
      return { user: await messageOf(user) };
    },
    async unlinkProvider(request, context) {
      const { user } = await signedIn(sessions, context);
      const key = requestKey(user.id, rpc.unlinkProvider, request);
      await providerAccounts.unlink(key, user, nameOf(request.provider));
      return { user: await messageOf(user) };
    },
  } satisfies Partial<ServiceImpl<typeof IdentityService>>;
}

function nameOf(provider: Provider): ProviderName {
  switch (provider) {
    case Provider.APPLE:
      return 'apple';
    case Provider.GOOGLE:
      return 'google';
    default:
      throw new DomainError(ErrorReason.INVALID_FIELD, 'there is no such provider', { field: 'provider' });
  }
}
