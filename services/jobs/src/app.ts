import path from 'node:path';
import { ConsentCheckService } from '@irisvue/contracts/irisvue/consent/v1/consent_service';
import {
  ArtworkPermissionWithdrawnSchema,
  CapturePermissionWithdrawnSchema,
  ConsentWithdrawnSchema,
} from '@irisvue/contracts/irisvue/consent/v1/events';
import { RetentionService } from '@irisvue/contracts/irisvue/consent/v1/retention_service';
import { ServiceCircleService } from '@irisvue/contracts/irisvue/identity/v1/circle_service';
import { ServiceIdentityService } from '@irisvue/contracts/irisvue/identity/v1/identity_service';
import { ArtworkService } from '@irisvue/contracts/irisvue/jobs/v1/artwork_service';
import { JobSubmittedSchema } from '@irisvue/contracts/irisvue/jobs/v1/events';
import { DownloadService, JobService } from '@irisvue/contracts/irisvue/jobs/v1/job_service';
import { PhotoService } from '@irisvue/contracts/irisvue/jobs/v1/photo_service';
import { SubjectDataService } from '@irisvue/contracts/irisvue/privacy/v1/subject_data_service';
import { checkDatabase, ensureDatabase, migrate, openDatabase } from '@irisvue/database';
import { connectEvents, consumeEvents, followEndedSessions, handler, relayOutbox } from '@irisvue/events';
import {
  authInterceptor,
  type Clock,
  createLogger,
  createServiceClient,
  currentTraceHeaders,
  type Logger,
  type RunningServer,
  serve,
  serviceTokenSource,
  systemClock,
} from '@irisvue/runtime';
import { openStore } from '@irisvue/storage';
import { artworkService } from './artwork-service.ts';
import { listenToChanges } from './changes.ts';
import { downloadService } from './download-service.ts';
import { jobService } from './job-service.ts';
import { keepSettling } from './joint/keep-settling.ts';
import { keepTidy } from './lineage/keep-tidy.ts';
import { subjectDataService } from './lineage/subject-data-service.ts';
import { createLinks } from './links.ts';
import { photoService } from './photo-service.ts';
import { queueMetrics } from './queue-metrics.ts';
import { noteInteractions } from './retention/interactions.ts';
import { keepPurging } from './retention/purge.ts';
import { retentionOf } from './retention/retention-of.ts';
import { startJobsRunner } from './runner/start-runner.ts';
import { keepSweeping } from './runner/sweep.ts';
import type { JobsDatabase } from './schema.ts';
import type { JobsSettings } from './settings.ts';
import { createWake } from './wake.ts';
import { applyCaptureWithdrawal, applyPermissionWithdrawal, applyWithdrawal } from './withdrawals.ts';

const MIGRATIONS = path.join(import.meta.dirname, '../migrations');

/** What a test may replace. */
export interface Overrides {
  readonly clock?: Clock;
  readonly logger?: Logger;
}

/** Wires the jobs service and its runner, and starts them. Disposing hands running jobs back to the queue. */
export async function createApp(settings: JobsSettings, overrides: Overrides = {}): Promise<RunningServer> {
  const clock = overrides.clock ?? systemClock;
  const logger = overrides.logger ?? createLogger({ service: 'jobs', level: settings.logLevel });
  const { databaseUrl } = settings;
  await using stack = new AsyncDisposableStack();

  if (settings.env !== 'production') await ensureDatabase(databaseUrl);
  const db = openDatabase<JobsDatabase>(databaseUrl, { logger });
  stack.defer(() => db.destroy());
  await migrate(db, MIGRATIONS);
  const store = stack.use(await openStore(settings.storageUrl, { clock }));
  const bus = stack.use(await connectEvents({ url: settings.natsUrl, name: 'jobs', logger }));

  const { identityUrl, serviceSecret: secret } = settings;
  const token = serviceTokenSource({ identityUrl, service: 'jobs', secret, clock });
  const consent = createServiceClient(ConsentCheckService, { url: settings.consentUrl, token });
  const identity = createServiceClient(ServiceIdentityService, { url: identityUrl, token });
  const circles = createServiceClient(ServiceCircleService, { url: identityUrl, token });
  const links = createLinks({
    secret: settings.linkSecret,
    publicUrl: settings.publicUrl,
    lifetimeMs: settings.linkMs,
    clock,
  });

  // What runs beside the calls ends by this signal, and is waited for before the connections above are closed.
  const background = new AbortController();
  const tasks: Promise<unknown>[] = [];
  stack.defer(async () => {
    background.abort();
    await Promise.allSettled(tasks);
  });
  const { signal } = background;
  stack.use(queueMetrics(db));
  const changes = listenToChanges({ databaseUrl, logger, signal });
  const sweepWake = createWake();
  const settleWake = createWake();
  const onBuried = () => {
    sweepWake.ring();
    settleWake.ring();
  };
  const runner = startJobsRunner(settings, { db, consent, token, changes, logger, onDone: sweepWake.ring });
  stack.use(runner);
  tasks.push(
    relayOutbox({ db, databaseUrl, bus, logger, signal }),
    consumeEvents({
      bus,
      durable: 'jobs-runner',
      on: [handler(JobSubmittedSchema, async ({ jobId }) => runner.wake({ jobId, trace: currentTraceHeaders() }))],
      logger,
      signal,
    }),
    consumeEvents({
      bus,
      durable: 'jobs-withdrawals',
      on: [
        handler(ConsentWithdrawnSchema, (withdrawn) => applyWithdrawal(db, withdrawn).then(settleWake.ring)),
        handler(CapturePermissionWithdrawnSchema, (withdrawn) => applyCaptureWithdrawal(db, withdrawn)),
        handler(ArtworkPermissionWithdrawnSchema, (withdrawn) =>
          applyPermissionWithdrawal({ db, consent }, withdrawn).then(settleWake.ring),
        ),
      ],
      logger,
      signal,
    }),
    keepPurging({
      db,
      retentionOf: retentionOf(createServiceClient(RetentionService, { url: settings.consentUrl, token })),
      clock,
      everyMs: settings.purgeMs,
      onPurged: onBuried,
      logger,
      signal,
    }),
    keepSettling({
      db,
      store,
      identity,
      everyMs: settings.sweepMs,
      wake: settleWake,
      onRemade: () => runner.wake(),
      logger,
      signal,
    }),
    keepTidy({ db, store, clock, everyMs: settings.tidyMs, logger, signal }),
    keepSweeping({
      db,
      store,
      clock,
      uploadWaitMs: settings.uploadWaitMs,
      lateWriterMs: settings.lateWriterMs,
      everyMs: settings.sweepMs,
      wake: sweepWake,
      onReleased: () => runner.wake(),
      logger,
      signal,
    }),
  );

  const endedSessions = stack.use(
    await followEndedSessions({ natsUrl: settings.natsUrl, name: 'jobs', clock, logger }),
  );
  const isEnded = endedSessions.has;
  const { uploadLinkMs, watchPollMs, sessionCheckMs } = settings;
  const server = await serve({
    name: 'jobs',
    host: settings.host,
    port: settings.port,
    logger,
    interceptors: [authInterceptor({ identityUrl, clock, isEnded }), noteInteractions({ db, clock, logger })],
    readiness: {
      database: () => checkDatabase(db),
      nats: () => bus.check(),
      'object store': () => store.check(),
    },
    routes: (router) => {
      router.service(SubjectDataService, subjectDataService({ db, store }));
      router.service(PhotoService, photoService({ db, store, consent, clock, uploadLinkMs, onBuried }));
      router.service(
        JobService,
        jobService({ db, consent, identity, changes, links, clock, watchPollMs, sessionCheckMs, isEnded }),
      );
      router.service(ArtworkService, artworkService({ db, consent, circles, links, clock }));
      router.service(DownloadService, downloadService({ db, store, consent, circles, links }));
    },
  });
  // Both at once: the runner hands its jobs back while the server drains.
  stack.defer(async () => {
    await Promise.all([server[Symbol.asyncDispose](), runner[Symbol.asyncDispose]()]);
  });
  const running = stack.move();
  return { url: server.url, port: server.port, [Symbol.asyncDispose]: () => running.disposeAsync() };
}
