import { readFileSync } from 'node:fs';
import { createClient, type HandlerContext, type Transport } from '@connectrpc/connect';
import { Health } from '@irisvue/contracts/grpc/health/v1/health';
import { SubjectService } from '@irisvue/contracts/irisvue/consent/v1/subject_service';
import { CircleService } from '@irisvue/contracts/irisvue/identity/v1/circle_service';
import { IdentityService } from '@irisvue/contracts/irisvue/identity/v1/identity_service';
import { DownloadService } from '@irisvue/contracts/irisvue/jobs/v1/job_service';
import { ExportDownloadService } from '@irisvue/contracts/irisvue/privacy/v1/export';
import { followEndedSessions } from '@irisvue/events';
import {
  authInterceptor,
  type Clock,
  createLogger,
  createServiceClient,
  createServiceTransport,
  type Logger,
  type PlainHttp,
  peerAddress,
  type RunningServer,
  serve,
  serviceTokenSource,
  systemClock,
} from '@irisvue/runtime';
import { Redis } from 'ioredis';
import { clientAddress } from './client-address.ts';
import { downloadPath } from './downloads.ts';
import { forwardService } from './forward.ts';
import { healthzPath } from './mesh-health.ts';
import { accountPages } from './pages/account-pages.ts';
import { invitationPages } from './pages/invitation-pages.ts';
import { linkPages } from './pages/link-pages.ts';
import { OPEN_METHODS, PUBLIC_SERVICES, type Upstream } from './public-services.ts';
import { type AddressOf, createRateLimits, limitCalls, limitRefusals, logRedisState } from './rate-limit.ts';
import type { Config } from './settings.ts';

const VERSION: string = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')).version;

// Calls that bring no deadline get this one: the slowest unary call reads a photo of 50 MB once.
const UNARY_TIMEOUT_MS = 30_000;
// A service that takes longer to say how it is counts as unreachable.
const HEALTH_TIMEOUT_MS = 2_000;
// Counting must never hold up a call: Redis answers within this, or memory counts.
const REDIS_TIMEOUT_MS = 500;
const REDIS_CONNECT_TIMEOUT_MS = 2_000;
const REDIS_RETRY_MS = 500;

/** What a test may put in place of the real thing. */
export interface Overrides {
  readonly clock?: Clock;
  readonly logger?: Logger;
}

/** Wires the gateway and starts it. Disposing stops it gracefully. */
export async function createApp(config: Config, overrides: Overrides = {}): Promise<RunningServer> {
  const clock = overrides.clock ?? systemClock;
  const logger = overrides.logger ?? createLogger({ service: 'gateway', level: config.logLevel });

  const redis = new Redis(config.redisUrl, {
    lazyConnect: true,
    connectTimeout: REDIS_CONNECT_TIMEOUT_MS,
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    commandTimeout: REDIS_TIMEOUT_MS,
    retryStrategy: () => REDIS_RETRY_MS,
  });
  logRedisState(redis, logger);
  // The first call is counted where the others are. A failure is logged above; the gateway starts all the same, and
  // keeps trying.
  await redis.connect().catch(() => {});
  const limits = createRateLimits({ redis, ...config });

  const addressOfCall: AddressOf = ({ contextValues, header }) =>
    clientAddress(peerAddress(contextValues), header.get('x-forwarded-for'), config.trustedProxies);
  const addressOfContext = ({ values, requestHeader }: HandlerContext): string =>
    addressOfCall({ contextValues: values, header: requestHeader });
  const addressOfRequest = (request: Parameters<PlainHttp>[0]): string =>
    clientAddress(request.socket.remoteAddress, forwardedFor(request), config.trustedProxies);

  const healthz = healthzPath(VERSION, healthClients(config));
  const token = serviceTokenSource({
    identityUrl: config.identityUrl,
    service: 'gateway',
    secret: config.serviceSecret,
    clock,
  });
  const downloads = createServiceClient(DownloadService, { url: config.jobsUrl, token });
  const exports = createServiceClient(ExportDownloadService, { url: config.consentUrl, token });
  const linked = { limits, addressOf: addressOfRequest, logger };
  const links = [
    downloadPath({
      folder: '/v1/downloads/',
      resolve: (each) => downloads.resolveDownload({ token: each }),
      ...linked,
    }),
    downloadPath({ folder: '/v1/exports/', resolve: (each) => exports.resolveExport({ token: each }), ...linked }),
  ];

  const transportTo = (peer: Upstream, url: string) =>
    createServiceTransport({ peer, url, timeoutMs: UNARY_TIMEOUT_MS });
  const transports: Record<Upstream, Transport> = {
    identity: transportTo('identity', config.identityUrl),
    consent: transportTo('consent', config.consentUrl),
    jobs: transportTo('jobs', config.jobsUrl),
  };

  const endedSessions = await followEndedSessions({ natsUrl: config.natsUrl, name: 'gateway', clock, logger });
  const identity = createClient(IdentityService, transports.identity);
  const circles = createClient(CircleService, transports.identity);
  const subjects = createClient(SubjectService, transports.consent);
  const pages = linkPages({
    pages: { ...accountPages(identity), ...invitationPages({ identity, circles, subjects }) },
    limits,
    addressOf: addressOfRequest,
    logger,
  });

  const server = await serve({
    name: 'gateway',
    version: VERSION,
    host: config.host,
    port: config.port,
    logger,
    interceptors: [
      limitRefusals(limits, addressOfCall),
      authInterceptor({
        identityUrl: config.identityUrl,
        clock,
        open: OPEN_METHODS,
        accept: ['user'],
        isEnded: endedSessions.has,
      }),
      limitCalls(limits, addressOfCall),
    ],
    routes(router) {
      for (const { service, upstream } of PUBLIC_SERVICES) {
        forwardService(router, service, { transport: transports[upstream], addressOf: addressOfContext });
      }
    },
    // The gateway can answer whatever its peers do: /healthz tells about them, and a peer that is down must not take
    // every replica of the gateway out of its load balancer.
    readiness: {},
    http: (request, response) => [healthz, ...links, pages].some((take) => take(request, response)),
    allowedOrigins: config.allowedOrigins,
  });

  return {
    url: server.url,
    port: server.port,
    [Symbol.asyncDispose]: async () => {
      await server[Symbol.asyncDispose]();
      await endedSessions[Symbol.asyncDispose]();
      redis.disconnect();
    },
  };
}

function healthClients(config: Config) {
  const client = (url: string) => createServiceClient(Health, { url, timeoutMs: HEALTH_TIMEOUT_MS });
  return {
    identity: client(config.identityUrl),
    consent: client(config.consentUrl),
    jobs: client(config.jobsUrl),
    segmentation: client(config.segmentationUrl),
    enhancement: client(config.enhancementUrl),
    fusion: client(config.fusionUrl),
  };
}

function forwardedFor(request: Parameters<PlainHttp>[0]): string | undefined {
  const value = request.headers['x-forwarded-for'];
  return Array.isArray(value) ? value.join(',') : value;
}
