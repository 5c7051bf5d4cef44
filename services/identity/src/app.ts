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
import { createAccounts } from './accounts.ts';
import { identityRoutes, OPEN_METHODS } from './identity-service.ts';
import { createPasswords } from './passwords.ts';
import type { IdentityTables } from './schema.ts';
import { createServiceTokens, SERVICE_TOKEN_MS } from './service-tokens.ts';
import { ACCESS_TOKEN_MS, createSessions } from './sessions.ts';
import type { IdentitySettings } from './settings.ts';

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
  const server = await serve({
    name: 'identity',
    host: settings.host,
    port: settings.port,
    logger,
    interceptors: [authInterceptor({ clock, keys: keys.keyOf, open: OPEN_METHODS })],
    routes: identityRoutes({
      accounts: createAccounts({ db, passwords: await createPasswords(), clock }),
      sessions: createSessions({ db, keys, clock, logger }),
      serviceToken: createServiceTokens({ masterSecret: settings.masterSecret, keys }),
    }),
    readiness: { database: () => checkDatabase(db) },
    http: jwksEndpoint(keys, logger),
  });
  stack.use(server);

  const running = stack.move();
  return { url: server.url, port: server.port, [Symbol.asyncDispose]: () => running.disposeAsync() };
}
