import path from 'node:path';
import { checkDatabase, ensureDatabase, migrate, openDatabase } from '@irisvue/database';
import {
  ACCESS_TOKEN_MS,
  authInterceptor,
  type Clock,
  createLogger,
  type Logger,
  type RunningServer,
  serve,
  systemClock,
} from '@irisvue/runtime';
import { jwksEndpoint, openSigningKeys } from '@irisvue/signing-keys';
import { openCircles } from './circles/open-circles.ts';
import { openErasure } from './erasure/open-erasure.ts';
import { startForgetting } from './forget.ts';
import { OPEN_METHODS } from './identity-service.ts';
import { startMailing } from './mail/mailing.ts';
import { openAccounts } from './open-accounts.ts';
import { startRelaying } from './relay-events.ts';
import type { IdentityTables } from './schema.ts';
import { SERVICE_TOKEN_MS } from './service-tokens.ts';
import { isStanding } from './session-store.ts';
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
  const circles = openCircles({ db, clock, ...settings });
  const mailFolder = settings.smtpUrl === undefined ? path.resolve(settings.mailDir) : undefined;
  const erasure = openErasure({ db, clock, mailFolder });
  const accounts = await openAccounts({ db, keys, settings, clock, logger });

  const server = await serve({
    name: 'identity',
    host: settings.host,
    port: settings.port,
    logger,
    interceptors: [
      authInterceptor({
        clock,
        keys: keys.keyOf,
        open: OPEN_METHODS,
        isEnded: async (sessionId) => !(await isStanding(db, sessionId)),
      }),
    ],
    routes: (router) => {
      accounts(router);
      circles(router);
      erasure(router);
    },
    readiness: { database: () => checkDatabase(db) },
    http: jwksEndpoint(keys, logger),
  });
  stack.use(server);

  const { natsUrl, databaseUrl } = settings;
  stack.use(startRelaying({ natsUrl, db, databaseUrl, logger }));
  stack.use(startForgetting({ db, everyMs: settings.forgetSeconds * 1_000, clock, logger }));
  stack.use(
    startMailing({
      db,
      databaseUrl: settings.databaseUrl,
      smtpUrl: settings.smtpUrl,
      folder: settings.mailDir,
      from: settings.mailFrom,
      webUrl: settings.webUrl,
      pollMs: settings.mailPollSeconds * 1_000,
      clock,
      logger,
    }),
  );

  const running = stack.move();
  return { url: server.url, port: server.port, [Symbol.asyncDispose]: () => running.disposeAsync() };
}
