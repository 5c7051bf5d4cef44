import {
  authInterceptor,
  type Clock,
  capabilityVerifier,
  createLogger,
  type RunningServer,
  serve,
  startTelemetry,
  systemClock,
} from '@irisvue/runtime';
import { openStore } from '@irisvue/storage';
import { openSlotPool, threadsPerSlot, visionRoutes } from '@irisvue/vision';
import { fusionRoutes } from './fusion-service.ts';
import type { FusionSettings } from './settings.ts';

/** Longest time that a fusion may take (features U6). The composition's own, shorter limit is kept at the door. */
const FUSION_LIMIT_MS = 180_000;

/** What a test may replace. */
export interface Overrides {
  readonly clock?: Clock;
  /** Entry of the slot processes. */
  readonly slotEntry?: URL;
}

/** The fusion service: a server and its slots. Disposing stops the server, then the slots. */
export async function createApp(settings: FusionSettings, overrides: Overrides = {}): Promise<RunningServer> {
  const { device, slots, identityUrl, consentUrl, host, port } = settings;
  const clock = overrides.clock ?? systemClock;
  const logger = createLogger({ service: 'fusion', level: settings.logLevel });
  const telemetry = startTelemetry({ service: 'fusion', traceFile: settings.traceFile, otlpUrl: settings.otlpUrl });
  const store = await openStore(settings.storageUrl);
  const pool = await openSlotPool({
    entry: overrides.slotEntry ?? new URL('./slot.ts', import.meta.url),
    slots,
    device,
    threadsPerSlot: threadsPerSlot(settings.threads, slots),
    env: {
      IRISVUE_STORAGE_URL: settings.storageUrl,
      IRISVUE_OPENCV: settings.opencvDir ?? '',
      IRISVUE_LOG_LEVEL: settings.logLevel,
    },
    timeLimitMs: FUSION_LIMIT_MS,
    logger,
  });
  const verifyCapability = capabilityVerifier({ clock, consentUrl });
  const server = await serve({
    name: 'fusion',
    host,
    port,
    logger,
    interceptors: [authInterceptor({ identityUrl, clock })],
    readiness: { 'object store': () => store.check(), slots: () => pool.check() },
    routes: (router) => {
      visionRoutes(router, pool);
      fusionRoutes(router, { pool, verifyCapability });
    },
  });
  return {
    url: server.url,
    port: server.port,
    [Symbol.asyncDispose]: async () => {
      await server[Symbol.asyncDispose]();
      await pool[Symbol.asyncDispose]();
      await store[Symbol.asyncDispose]();
      await telemetry[Symbol.asyncDispose]();
    },
  };
}
