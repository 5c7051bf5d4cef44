import path from 'node:path';
import { ConsentService } from '@irisvue/contracts/irisvue/consent/v1/consent_service';
import { ServiceIdentityService } from '@irisvue/contracts/irisvue/identity/v1/identity_service';
import { SubjectDataService } from '@irisvue/contracts/irisvue/privacy/v1/subject_data_service';
import { checkDatabase, ensureDatabase, migrate, openDatabase } from '@irisvue/database';
import { connectEvents, followEndedSessions, relayOutbox } from '@irisvue/events';
import {
  authInterceptor,
  type Clock,
  createLogger,
  createServiceClient,
  type Logger,
  type RunningServer,
  serve,
  serviceTokenSource,
  systemClock,
} from '@irisvue/runtime';
import { jwksEndpoint, openSigningKeys } from '@irisvue/signing-keys';
import { openStore } from '@irisvue/storage';
import { createAccounts } from './accounts.ts';
import { createArtworkPermissions } from './artwork/permissions.ts';
import { AUDIT_CONSUMER, openAudit } from './audit/open-audit.ts';
import { createCapturePermissions } from './capture/capture-permissions.ts';
import { createInvitations } from './capture/invitations.ts';
import { createMinors } from './capture/minors.ts';
import { subjectRoutes } from './capture/subject-service.ts';
import { consentRoutes } from './consent-service.ts';
import { createConsents } from './consents.ts';
import { createEvidence } from './evidence.ts';
import { loadNotices } from './notices.ts';
import { operatorOf } from './operator.ts';
import { openPrivacy } from './privacy/open-privacy.ts';
import { OPEN_PRIVACY_METHODS } from './privacy/privacy-service.ts';
import { openRedisKeys } from './privacy/redis-keys.ts';
import { createReceipts } from './receipts/receipts.ts';
import { loadRetentionPolicies } from './retention-policies.ts';
import { retentionRoutes } from './retention-service.ts';
import { createTermsOf } from './retention-terms.ts';
import type { ConsentTables } from './schema.ts';
import type { ConsentSettings } from './settings.ts';
import { CAPABILITY_MS, createStepCapabilities } from './step-capabilities.ts';

const MIGRATIONS = path.join(import.meta.dirname, '../migrations');
const NOTICES = path.join(import.meta.dirname, '../notices');
const POLICIES = path.join(import.meta.dirname, '../retention');

/** The methods that need no token: what is public, and what lets anybody verify a receipt. */
const OPEN_METHODS = [
  ConsentService.method.getRetentionPolicy,
  ConsentService.method.listReceiptKeys,
  ...OPEN_PRIVACY_METHODS,
];

/** Wires consent and starts it. The overrides are the whole seam for tests. */
export async function startApp(
  settings: ConsentSettings,
  {
    clock = systemClock,
    logger = createLogger({ service: 'consent', level: settings.logLevel }),
    auditConsumer = AUDIT_CONSUMER,
  }: {
    readonly clock?: Clock;
    readonly logger?: Logger;
    /** Name of the consumer that feeds the audit log: one for each database. */
    readonly auditConsumer?: string;
  } = {},
): Promise<RunningServer> {
  await using stack = new AsyncDisposableStack();
  const operator = operatorOf(settings);
  const notices = await loadNotices(NOTICES, operator);
  const policies = await loadRetentionPolicies(POLICIES, operator);
  if (settings.env !== 'production') await ensureDatabase(settings.databaseUrl);
  const db = openDatabase<ConsentTables>(settings.databaseUrl, { logger });
  stack.defer(() => db.destroy());
  await migrate(db, MIGRATIONS);

  const bus = stack.use(await connectEvents({ url: settings.natsUrl, name: 'consent', logger }));
  const stopping = new AbortController();
  const relayed = relayOutbox({ db, databaseUrl: settings.databaseUrl, bus, logger, signal: stopping.signal });
  stack.defer(async () => {
    stopping.abort();
    await relayed;
  });

  const keys = await openSigningKeys({
    db: db.$pickTables<'signing_keys'>(),
    service: 'consent',
    secret: settings.keySecret,
    clock,
    logger,
    longestTokenMs: CAPABILITY_MS,
  });
  const { recipients: offered } = operator;
  const minors = createMinors({ db, clock });
  const { subjectKinds, identityUrl } = settings;
  const consents = createConsents({ db, notices, policies, offered, minors, subjectKinds, clock });
  const capture = createCapturePermissions({ db, clock });
  const evidence = createEvidence({ db, keys });
  const audit = openAudit({ db, bus, consumer: auditConsumer, evidence, clock, logger, signal: stopping.signal });
  stack.defer(async () => {
    stopping.abort();
    await audit.done;
  });
  const receipts = createReceipts({ db, evidence, operator, policies });
  const token = serviceTokenSource({ identityUrl, service: 'consent', secret: settings.serviceSecret, clock });
  const accounts = createAccounts(createServiceClient(ServiceIdentityService, { url: identityUrl, token }));
  const mountConsent = consentRoutes({
    consents,
    capture,
    offered,
    receipts,
    accounts,
    clock,
    permissions: createArtworkPermissions({ db, offered, clock }),
    stepCapability: createStepCapabilities({ consents, capture, keys }),
  });
  const identity = createServiceClient(ServiceIdentityService, { url: identityUrl, token });
  const mountSubjects = subjectRoutes({
    invitations: createInvitations({ db, clock }),
    permissions: capture,
    minors,
    receipts,
    accounts: createAccounts(identity),
    webUrl: settings.webUrl,
  });
  const store = stack.use(await openStore(settings.storageUrl));
  const cache = stack.use(openRedisKeys({ url: settings.redisUrl, logger }));
  const holder = (url: string) => createServiceClient(SubjectDataService, { url, token });
  const privacy = openPrivacy({
    db,
    databaseUrl: settings.databaseUrl,
    bus,
    evidence,
    secret: settings.keySecret,
    identity,
    holders: { jobs: holder(settings.jobsUrl), identity: holder(identityUrl) },
    cache,
    hooks: settings.recipientHooks,
    store,
    receipts,
    publicUrl: settings.publicUrl,
    exportDays: settings.exportDays,
    auditConsumer,
    clock,
    logger,
    signal: stopping.signal,
  });
  stack.defer(async () => {
    stopping.abort();
    await privacy.done;
  });
  const { natsUrl } = settings;
  const endedSessions = stack.use(await followEndedSessions({ natsUrl, name: 'consent', clock, logger }));
  const server = await serve({
    name: 'consent',
    host: settings.host,
    port: settings.port,
    logger,
    interceptors: [authInterceptor({ clock, identityUrl, open: OPEN_METHODS, isEnded: endedSessions.has })],
    routes: (router) => {
      mountConsent(router);
      mountSubjects(router);
      audit.routes(router);
      privacy.routes(router);
      retentionRoutes(createTermsOf({ db, policies }))(router);
    },
    readiness: { database: () => checkDatabase(db), nats: () => bus.check() },
    http: jwksEndpoint(keys, logger),
  });
  stack.use(server);

  const running = stack.move();
  return { url: server.url, port: server.port, [Symbol.asyncDispose]: () => running.disposeAsync() };
}
