import type { ConnectRouter } from '@connectrpc/connect';
import {
  authInterceptor,
  type Clock,
  capabilityVerifier,
  createLogger,
  type Logger,
  type RunningServer,
  type SettingValues,
  serve,
  type serverSettings,
  startMetrics,
  startTelemetry,
  systemClock,
} from '@irisvue/runtime';
import { openStore } from '@irisvue/storage';
import { openSlotPool, type SlotPool } from './slot-pool.ts';
import { visionRoutes } from './vision-routes.ts';
import { threadsPerSlot, type visionSettings } from './vision-settings.ts';

/** What the RPC door of a vision service works with: slots to lend, and the check of a step's capability token. */
export interface VisionDoor {
  readonly pool: Pick<SlotPool, 'run'>;
  readonly verifyCapability: ReturnType<typeof capabilityVerifier>;
}

export interface VisionServerOptions {
  readonly name: string;
  readonly settings: SettingValues<typeof serverSettings & typeof visionSettings>;
  /** Entry of the slot processes. */
  readonly slotEntry: URL;
  /** What a slot is told beside the object store and the models. */
  readonly slotEnv?: Readonly<Record<string, string>>;
  /** Longest time that one step may take; then its slot is killed. */
  readonly timeLimitMs: number;
  /** Said in the log when the slots have loaded no model. */
  readonly withoutModel?: string;
  readonly routes: (router: ConnectRouter, door: VisionDoor) => void;
  readonly clock?: Clock;
}

/**
 * Starts a vision service: slots, warm, and the server in front of them, with its capabilities. On SIGHUP the slots are
 * loaded anew, so that models that were replaced are taken up. Disposing stops the server, then the slots. @throws when the store is out of reach or a slot does not start.
 */
export async function startVisionServer(o: VisionServerOptions): Promise<RunningServer> {
  const { name, settings, clock = systemClock } = o;
  const { storageUrl, modelsDir, slots, device, identityUrl, consentUrl, traceFile, otlpUrl } = settings;
  const logger = createLogger({ service: name, level: settings.logLevel });
  await using opening = new AsyncDisposableStack();
  opening.use(startTelemetry({ service: name, traceFile, otlpUrl }));
  opening.use(await startMetrics({ service: name, host: settings.host, port: settings.metricsPort }));
  const store = opening.use(await openStore(storageUrl));
  const pool = opening.use(
    await openSlotPool({
      entry: o.slotEntry,
      slots,
      device,
      threadsPerSlot: threadsPerSlot(settings.threads, slots),
      env: { IRISVUE_STORAGE_URL: storageUrl, IRISVUE_MODELS_DIR: modelsDir, ...o.slotEnv },
      timeLimitMs: o.timeLimitMs,
      logger,
    }),
  );
  if (o.withoutModel && pool.capabilities.models.length === 0) logger.warn({ modelsDir }, o.withoutModel);
  opening.use(reloadOnHangup(pool, logger));
  const door = { pool, verifyCapability: capabilityVerifier({ clock, consentUrl }) };
  const server = opening.use(
    await serve({
      name,
      host: settings.host,
      port: settings.port,
      logger,
      interceptors: [authInterceptor({ identityUrl, clock })],
      readiness: { 'object store': () => store.check(), slots: () => pool.check() },
      routes: (router) => {
        visionRoutes(router, pool);
        o.routes(router, door);
      },
    }),
  );
  const running = opening.move();
  return { url: server.url, port: server.port, [Symbol.asyncDispose]: () => running.disposeAsync() };
}

/** SIGHUP loads all slots anew. When that fails the slots stay as they are, and the log says why. */
function reloadOnHangup(pool: Pick<SlotPool, 'reload'>, logger: Logger): Disposable {
  const reload = (): void => {
    pool.reload().catch((err: unknown) => logger.error({ err }, 'slots cannot be loaded anew; the old ones stay'));
  };
  process.on('SIGHUP', reload);
  return { [Symbol.dispose]: () => process.removeListener('SIGHUP', reload) };
}
