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
import { enhancementRoutes } from './enhancement-service.ts';
import type { EnhancementSettings } from './settings.ts';

/** Longest time that one step may take: about thirty times what a photo of 12 megapixels needs. */
const STEP_LIMIT_MS = 120_000;

/** What a test may replace. */
export interface Overrides {
  readonly clock?: Clock;
  /** Entry of the slot processes. */
  readonly slotEntry?: URL;
}

/** The enhancement service: a server and its slots. Disposing stops the server, then the slots. */
export async function createApp(settings: EnhancementSettings, overrides: Overrides = {}): Promise<RunningServer> {
  const { device, slots, identityUrl, consentUrl, host, port } = settings;
  const clock = overrides.clock ?? systemClock;
  const logger = createLogger({ service: 'enhancement', level: settings.logLevel });
  const telemetry = startTelemetry({
    service: 'enhancement',
    traceFile: settings.traceFile,
    otlpUrl: settings.otlpUrl,
  });
  const store = await openStore(settings.storageUrl);
  const pool = await openSlotPool({
    entry: overrides.slotEntry ?? new URL('./slot.ts', import.meta.url),
    slots,
    device,
    threadsPerSlot: threadsPerSlot(settings.threads, slots),
    env: {
      IRISVUE_STORAGE_URL: settings.storageUrl,
      IRISVUE_MODELS_DIR: settings.modelsDir,
    },
    timeLimitMs: STEP_LIMIT_MS,
    logger,
  });
  if (pool.capabilities.models.length === 0) {
    logger.warn({ modelsDir: settings.modelsDir }, 'no model: pictures are enlarged by Lanczos');
  }
  const verifyCapability = capabilityVerifier({ clock, consentUrl });
  const server = await serve({
    name: 'enhancement',
    host,
    port,
    logger,
    interceptors: [authInterceptor({ identityUrl, clock })],
    readiness: { 'object store': () => store.check(), slots: () => pool.check() },
    routes: (router) => {
      visionRoutes(router, pool);
      enhancementRoutes(router, { pool, verifyCapability });
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
