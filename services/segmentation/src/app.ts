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
import { segmentationRoutes } from './segmentation-service.ts';
import type { SegmentationSettings } from './settings.ts';

/** Longest time that a segmentation may take: a hundred times what a photo of 12 megapixels needs. */
const SEGMENT_LIMIT_MS = 120_000;

/** What a test may replace. */
export interface Overrides {
  readonly clock?: Clock;
  /** Entry of the slot processes. */
  readonly slotEntry?: URL;
}

/** The segmentation service: a server and its slots. Disposing stops the server, then the slots. */
export async function createApp(settings: SegmentationSettings, overrides: Overrides = {}): Promise<RunningServer> {
  const { device, slots, identityUrl, consentUrl, host, port } = settings;
  const clock = overrides.clock ?? systemClock;
  const logger = createLogger({ service: 'segmentation', level: settings.logLevel });
  const telemetry = startTelemetry({
    service: 'segmentation',
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
      IRISVUE_MIN_IRIS_PX: String(settings.minIrisPx),
      IRISVUE_MIN_VISIBLE_PERCENT: String(settings.minVisiblePercent),
    },
    timeLimitMs: SEGMENT_LIMIT_MS,
    logger,
  });
  if (pool.capabilities.models.length === 0) {
    logger.warn({ modelsDir: settings.modelsDir }, 'no model: irises are found by the classical method');
  }
  const verifyCapability = capabilityVerifier({ clock, consentUrl });
  const server = await serve({
    name: 'segmentation',
    host,
    port,
    logger,
    interceptors: [authInterceptor({ identityUrl, clock })],
    readiness: { 'object store': () => store.check(), slots: () => pool.check() },
    routes: (router) => {
      visionRoutes(router, pool);
      segmentationRoutes(router, { pool, verifyCapability });
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
