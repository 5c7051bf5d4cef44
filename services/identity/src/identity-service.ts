import type { ConnectRouter } from '@connectrpc/connect';
import { IdentityService, ServiceIdentityService } from '@irisvue/contracts/irisvue/identity/v1/identity_service';
import { type AccountRooms, accountMethods } from './rpc/account-methods.ts';
import { type ProviderRooms, providerMethods } from './rpc/provider-methods.ts';
import { type ServiceRooms, serviceMethods } from './rpc/service-methods.ts';
import { type SessionRooms, sessionMethods } from './rpc/session-methods.ts';

/** What needs no token: it is how one comes by a token, or what the token of a link does. */
export const OPEN_METHODS = [
  IdentityService.method.createUser,
  IdentityService.method.createSession,
  IdentityService.method.refreshSession,
  IdentityService.method.verifyEmail,
  IdentityService.method.sendPasswordReset,
  IdentityService.method.resetPassword,
  IdentityService.method.changeEmail,
  IdentityService.method.createProviderNonce,
  IdentityService.method.createProviderSession,
  ServiceIdentityService.method.createServiceToken,
];

/** Mounts both services of identity. */
export function identityRoutes(
  o: AccountRooms & SessionRooms & ProviderRooms & ServiceRooms,
): (router: ConnectRouter) => void {
  return (router) => {
    router.service(IdentityService, { ...accountMethods(o), ...sessionMethods(o), ...providerMethods(o) });
    router.service(ServiceIdentityService, serviceMethods(o));
  };
}
