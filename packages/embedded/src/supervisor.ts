import { chmod, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { MeshConfig } from './config.ts';
import { lockHome } from './home-lock.ts';
import { type KeptProcess, keepRunning } from './keep-running.ts';
import { boundLog, logPath } from './log-file.ts';
import { type MeshState, readMeshState, writeMeshState } from './mesh-state.ts';
import { natsServer } from './nats.ts';
import { nodeProcess } from './node-process.ts';
import { choosePorts, type Ports, type ProcessName, requirePortsFree } from './ports.ts';
import { createDatabases, postgresServer, postgresUrl } from './postgres.ts';
import { identify, signalProcess, waitUntilGone } from './process-identity.ts';
import { redisServer } from './redis.ts';
import { loadSecrets, type Secrets } from './secrets.ts';
import type { ServerSpec } from './server-spec.ts';
import {
  DATABASES,
  embeddedStorageUrl,
  localUrl,
  objectsEnvironment,
  type ReplicaCounts,
  replicasOf,
  type ServerUrls,
  type ServiceName,
  serviceEnvironment,
  serviceUrl,
} from './services.ts';

const LOG_CHECK_MS = 60_000;
// What a killed supervisor left needs this long to end by itself; more than the longest grace of a server.
const LEFTOVERS_LIMIT_MS = 40_000;

export interface SupervisorOptions {
  /** Absolute. */
  readonly home: string;
  readonly ports: 'default' | 'free' | number;
  readonly services: readonly ServiceName[];
  readonly replicas: ReplicaCounts;
  readonly config: MeshConfig;
  onChange(process: KeptProcess): void;
  readonly signal: AbortSignal;
}

/** A mesh as its supervisor holds it. */
export interface SupervisedMesh extends AsyncDisposable {
  readonly gatewayUrl: string;
}

/**
 * Brings up a mesh: 1) take the home and clear up after a supervisor that was killed, 2) check the ports, 3) start the
 * servers that are not given, all at once, and create the databases, 4) start the services, all at once. Resolves when
 * everything is ready; rejects, with everything stopped, when something is not. Dispose: services stop, then servers.
 */
export async function superviseMesh(o: SupervisorOptions): Promise<SupervisedMesh> {
  await using undo = new AsyncDisposableStack();
  await mkdir(join(o.home, 'logs'), { recursive: true });
  if (process.getuid?.() === 0) await chmod(o.home, 0o711); // servers that run as another user pass through
  undo.use(await lockHome(o.home));
  await endLeftovers(o.home);
  const secrets = await loadSecrets(o.home);
  const ports = await choosePorts(o.ports, Math.max(1, ...Object.values(o.replicas)));
  const urls = serverUrls(o, ports, secrets);
  const servers = serverSpecs(o, ports, secrets, urls);
  const replicas = o.services.flatMap((name) => replicasOf(ports, name, o.replicas));
  const services = replicas.map((replica) =>
    nodeProcess({
      name: replica.label,
      main: `services/${replica.name}/src/main.ts`,
      url: localUrl(replica.port),
      env: serviceEnvironment(replica, { ...o, ports, urls, secrets }),
    }),
  );
  await requirePortsFree(ports, { servers: servers.map((spec) => spec.name as ProcessName), services: replicas });

  const kept: KeptProcess[] = [];
  const state = await stateWriter(o.home, serviceUrl(ports, 'gateway'), urls, kept);
  undo.defer(() => state.settled());
  const start = (specs: readonly ServerSpec[]): Promise<unknown> => {
    const started = specs.map((spec) =>
      keepRunning(spec, {
        log: logPath(o.home, spec.name),
        onChange(changed) {
          o.onChange(changed);
          state.write();
        },
      }),
    );
    kept.push(...started);
    undo.defer(async () => {
      state.write('stopping');
      await Promise.all(started.map((one) => one.stop()));
    });
    return unlessAborted(Promise.all(started.map((one) => one.firstReady)), o.signal);
  };
  await start(servers);
  await createDatabases(urls.postgres, DATABASES);
  await start(services);
  state.write('ready');
  await state.settled();

  const logs = setInterval(() => void boundLogs(o.home, kept), LOG_CHECK_MS);
  undo.defer(() => clearInterval(logs));
  const running = undo.move();
  return { gatewayUrl: serviceUrl(ports, 'gateway'), [Symbol.asyncDispose]: () => running.disposeAsync() };
}

function serverUrls({ config, home }: SupervisorOptions, ports: Ports, secrets: Secrets): ServerUrls {
  return {
    postgres: config.postgresUrl ?? postgresUrl({ port: ports.postgres, password: secrets.postgres }),
    nats: config.natsUrl ?? `nats://127.0.0.1:${ports.nats}`,
    redis: config.redisUrl ?? `redis://127.0.0.1:${ports.redis}`,
    storage: config.storageUrl ?? embeddedStorageUrl(join(home, 'objects'), ports, secrets),
  };
}

/** The servers that were not given by URL. */
function serverSpecs(o: SupervisorOptions, ports: Ports, secrets: Secrets, urls: ServerUrls): ServerSpec[] {
  const { config, home } = o;
  const env = config.surroundings;
  const postgres = () =>
    postgresServer({
      ...{ dir: join(home, 'postgres'), port: ports.postgres, password: secrets.postgres, env },
      durable: config.env !== 'test',
    });
  const objects = () =>
    nodeProcess({
      name: 'objects',
      main: 'packages/storage/src/objects-server-main.ts',
      url: serviceUrl(ports, 'objects'),
      env: objectsEnvironment(config, ports, urls.storage),
    });
  return [
    ...(config.postgresUrl ? [] : [postgres()]),
    ...(config.natsUrl ? [] : [natsServer({ dir: join(home, 'nats'), port: ports.nats, env })]),
    ...(config.redisUrl ? [] : [redisServer({ dir: join(home, 'redis'), port: ports.redis, env })]),
    ...(config.storageUrl ? [] : [objects()]),
  ];
}

/** Waits for what a killed supervisor left behind to end by itself, and ends what does not. */
async function endLeftovers(home: string): Promise<void> {
  const left = (await readMeshState(home))?.processes.flatMap((p) => (p.identity ? [p.identity] : [])) ?? [];
  if (await waitUntilGone(left, LEFTOVERS_LIMIT_MS)) return;
  await Promise.all(left.map((process) => signalProcess(process, 'SIGKILL')));
  await waitUntilGone(left, LEFTOVERS_LIMIT_MS);
}

/** Writes the state after each change: one write at a time, and the last one holds the last state. */
async function stateWriter(home: string, gatewayUrl: string, servers: ServerUrls, kept: readonly KeptProcess[]) {
  const supervisor = (await identify(process.pid))!;
  const startTime = new Date().toISOString();
  let phase: MeshState['phase'] = 'starting';
  let writing = Promise.resolve();
  let wanted = false;
  const save = (): Promise<void> => {
    wanted = false;
    const processes = kept.map(({ name, url, state, restarts, identity }) => ({
      name,
      url,
      state,
      restarts,
      identity,
    }));
    return writeMeshState(home, { supervisor, phase, startTime, gatewayUrl, servers, processes });
  };
  const write = (next: MeshState['phase'] = phase): void => {
    phase = next;
    if (wanted) return;
    wanted = true;
    // A full disk must not end a mesh that works; the next change tries again.
    writing = writing
      .then(save)
      .catch((error: unknown) => console.error(`mesh.json cannot be written: ${String(error)}`));
  };
  await save();
  return { write, settled: () => writing };
}

async function boundLogs(home: string, kept: readonly KeptProcess[]): Promise<void> {
  await Promise.all(['supervisor', ...kept.map((one) => one.name)].map((name) => boundLog(logPath(home, name))));
}

async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const aborted = Promise.withResolvers<never>();
  const abort = (): void => aborted.reject(signal.reason);
  signal.addEventListener('abort', abort, { once: true });
  try {
    signal.throwIfAborted();
    return await Promise.race([work, aborted.promise]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}
