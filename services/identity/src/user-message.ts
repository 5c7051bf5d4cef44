import type { MessageInitShape } from '@bufbuild/protobuf';
import { timestampFromDate } from '@bufbuild/protobuf/wkt';
import {
  Provider,
  Role,
  type SessionSchema,
  type SessionTokensSchema,
  type UserSchema,
} from '@irisvue/contracts/irisvue/identity/v1/identity_service';
import type { Selectable } from 'kysely';
import type { ProviderName, Role as RoleName, SessionsTable, UserRow } from './schema.ts';
import type { Tokens } from './sessions.ts';

export const PROVIDERS: Readonly<Record<ProviderName, Provider>> = { apple: Provider.APPLE, google: Provider.GOOGLE };
export const ROLES: Readonly<Record<RoleName, Role>> = { user: Role.USER, operator: Role.OPERATOR };

/** An account as its holder sees it. */
export function userMessage(user: UserRow, providers: readonly ProviderName[]): MessageInitShape<typeof UserSchema> {
  return {
    id: user.id,
    email: user.email,
    active: user.active,
    verified: user.verified,
    createTime: timestampFromDate(user.created_at),
    updateTime: timestampFromDate(user.updated_at),
    hasPassword: user.password_hash !== null,
    providers: providers.map((name) => PROVIDERS[name]),
    role: ROLES[user.role],
    language: user.language,
  };
}

export function tokensMessage(tokens: Tokens): MessageInitShape<typeof SessionTokensSchema> {
  return {
    accessToken: tokens.accessToken,
    accessExpireTime: timestampFromDate(tokens.accessExpiresAt),
    refreshToken: tokens.refreshToken,
    refreshExpireTime: timestampFromDate(tokens.refreshExpiresAt),
  };
}

export function sessionMessage(
  session: Selectable<SessionsTable>,
  currentId: string,
): MessageInitShape<typeof SessionSchema> {
  return {
    id: session.id,
    createTime: timestampFromDate(session.created_at),
    refreshTime: timestampFromDate(session.refreshed_at ?? session.created_at),
    expireTime: timestampFromDate(session.expires_at),
    clientName: session.client_name,
    current: session.id === currentId,
  };
}
