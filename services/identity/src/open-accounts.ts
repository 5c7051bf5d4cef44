import type { ConnectRouter } from '@connectrpc/connect';
import type { Database } from '@irisvue/database';
import type { Clock, Logger } from '@irisvue/runtime';
import type { SigningKeys } from '@irisvue/signing-keys';
import { userById } from './account-store.ts';
import { createAccounts } from './accounts.ts';
import { auditSignInsFailed } from './audited.ts';
import { createEmailChanges } from './email-changes.ts';
import { identityRoutes } from './identity-service.ts';
import { createPasswordChanges } from './password-changes.ts';
import { createPasswordCheck } from './password-check.ts';
import { createPasswords } from './passwords.ts';
import { idTokens } from './providers/id-tokens.ts';
import { createProviderAccounts } from './providers/provider-accounts.ts';
import { providersOf } from './providers/provider-store.ts';
import { requestKeys } from './request-key.ts';
import { createSetRole } from './roles.ts';
import type { IdentityTables } from './schema.ts';
import { createServiceMails } from './service-mails.ts';
import { createServiceTokens } from './service-tokens.ts';
import { createSessions } from './sessions.ts';
import { type IdentitySettings, providerSettings } from './settings.ts';
import { createThrottle } from './throttle.ts';
import { throttlePolicies } from './throttle-policies.ts';

/** Wires accounts, sessions, providers and roles on identity's database; gives what mounts their services. */
export async function openAccounts(o: {
  readonly db: Database<IdentityTables>;
  readonly keys: SigningKeys;
  readonly settings: IdentitySettings;
  readonly clock: Clock;
  readonly logger: Logger;
}): Promise<(router: ConnectRouter) => void> {
  const { db, keys, settings, clock, logger } = o;
  const policies = throttlePolicies(settings);
  const throttle = createThrottle({ db, clock, secret: settings.keySecret });
  const passwords = await createPasswords({ parallel: settings.passwordHashes });
  const onBurst = ({ id }: { readonly id: string }) => {
    db.transaction()
      .execute((trx) => auditSignInsFailed(trx, id, clock.now()))
      .catch((error: unknown) => logger.error({ err: error }, 'a burst of failed sign-ins could not be recorded'));
  };
  const passwordCheck = createPasswordCheck({ passwords, throttle, policies, onBurst });
  const credentials = { db, passwords, passwordCheck, throttle, policies, clock };
  return identityRoutes({
    accounts: createAccounts(credentials),
    emailChanges: createEmailChanges(credentials),
    passwordChanges: createPasswordChanges(credentials),
    providerAccounts: createProviderAccounts({
      ...credentials,
      idTokens: idTokens({ providers: providerSettings(settings), clock }),
    }),
    sessions: createSessions({ db, keys, clock, logger }),
    serviceToken: createServiceTokens({ masterSecret: settings.masterSecret, keys }),
    serviceMails: createServiceMails({ db, clock }),
    setRole: createSetRole({ db, clock }),
    userById: (id) => userById(db, id),
    providersOf: (id) => providersOf(db, id),
    requestKey: requestKeys(settings.keySecret),
  });
}
