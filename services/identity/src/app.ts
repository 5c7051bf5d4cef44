import path from 'node:path';
import { checkDatabase, ensureDatabase, migrate, openDatabase } from '@irisvue/database';
import {
  authInterceptor,
  type Clock,
  createLogger,
  type Logger,
  type RunningServer,
  serve,
  systemClock,
} from '@irisvue/runtime';
import { jwksEndpoint, openSigningKeys } from '@irisvue/signing-keys';
import { userById } from './account-store.ts';
import { createAccounts } from './accounts.ts';
import { openCircles } from './circles/open-circles.ts';
import { createEmailChanges } from './email-changes.ts';
import { identityRoutes, OPEN_METHODS } from './identity-service.ts';
import { folderTransport, type MailTransport, smtpTransport } from './mail/mail-transport.ts';
import { sendMails } from './mail/mail-worker.ts';
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
import { createServiceTokens, SERVICE_TOKEN_MS } from './service-tokens.ts';
import { ACCESS_TOKEN_MS, createSessions } from './sessions.ts';
import { type IdentitySettings, providerSettings } from './settings.ts';
import { createThrottle } from './throttle.ts';
import { throttlePolicies } from './throttle-policies.ts';

const MIGRATIONS = path.join(import.meta.dirname, '../migrations');

/** Wires identity and starts it. The overrides are the whole seam for tests. */
export async function startApp(
  settings: IdentitySettings,
  {
    clock = systemClock,
    logger = createLogger({ service: 'identity', level: settings.logLevel }),
  }: {
    readonly clock?: Clock;
    readonly logger?: Logger;
  } = {},
): Promise<RunningServer> {
  await using stack = new AsyncDisposableStack();
  if (settings.env !== 'production') await ensureDatabase(settings.databaseUrl);
  const db = openDatabase<IdentityTables>(settings.databaseUrl, { logger });
  stack.defer(() => db.destroy());
  await migrate(db, MIGRATIONS);

  const keys = await openSigningKeys({
    db: db.$pickTables<'signing_keys'>(),
    service: 'identity',
    secret: settings.keySecret,
    clock,
    logger,
    longestTokenMs: Math.max(ACCESS_TOKEN_MS, SERVICE_TOKEN_MS),
  });
  const circles = openCircles({ db, clock, ...settings });
  const policies = throttlePolicies(settings);
  const throttle = createThrottle({ db, clock, secret: settings.keySecret });
  const passwords = await createPasswords({ parallel: settings.passwordHashes });
  const passwordCheck = createPasswordCheck({ passwords, throttle, policies });
  const credentials = { db, passwords, passwordCheck, throttle, policies, clock };
  const accountRoutes = identityRoutes({
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

  const server = await serve({
    name: 'identity',
    host: settings.host,
    port: settings.port,
    logger,
    interceptors: [authInterceptor({ clock, keys: keys.keyOf, open: OPEN_METHODS })],
    routes: (router) => {
      accountRoutes(router);
      circles(router);
    },
    readiness: { database: () => checkDatabase(db) },
    http: jwksEndpoint(keys, logger),
  });
  stack.use(server);

  const stopping = new AbortController();
  const mailing = sendMails({
    db,
    databaseUrl: settings.databaseUrl,
    transport: mailTransport(settings, logger),
    webUrl: settings.webUrl,
    pollMs: settings.mailPollSeconds * 1_000,
    clock,
    logger,
    signal: stopping.signal,
  });
  stack.defer(async () => {
    stopping.abort();
    await mailing;
  });

  const running = stack.move();
  return { url: server.url, port: server.port, [Symbol.asyncDispose]: () => running.disposeAsync() };
}

function mailTransport(settings: IdentitySettings, logger: Logger): MailTransport {
  if (settings.smtpUrl !== undefined) return smtpTransport({ url: settings.smtpUrl, from: settings.mailFrom });
  const folder = path.resolve(settings.mailDir);
  logger.info({ folder }, 'there is no mail server: mails are written into a folder');
  return folderTransport({ folder, from: settings.mailFrom });
}
