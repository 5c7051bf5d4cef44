import { randomBytes, randomUUID } from 'node:crypto';
import { resolve } from 'node:path';
import type { StartedTestContainer } from 'testcontainers';
import { IMAGES, withoutReaperImage } from './environment.ts';
import { REAPER_LABEL, reapContainers } from './reap-containers.ts';

const READY_LIMIT_MS = 120_000;

const CEPH_SCRIPT = resolve(import.meta.dirname, '../../../deploy/ceph.sh');
export const S3_ACCESS_KEY = 'irisvuetest';

/** A server in a container, on a port of this machine. */
export interface ContainerServer extends AsyncDisposable {
  /** Value of its label. */
  readonly session: string;
  /** Ends it as a crash would, with its data kept. */
  kill(): Promise<void>;
  /** Starts it again after kill(). */
  startAgain(): Promise<void>;
}

/** What a container is told beside its image. */
interface Recipe {
  readonly port: number;
  readonly command: readonly string[];
  /** In place of the image's own. */
  readonly entrypoint?: readonly string[];
  /** A file of this project that is laid into it. */
  readonly file?: { readonly source: string; readonly target: string };
  readonly environment: Readonly<Record<string, string>>;
  /** Held in memory. */
  readonly folder?: string;
  /** What its log says when it can be used. */
  readonly ready: RegExp;
}

const recipes = {
  postgres: (password: string): Recipe => ({
    port: 5432,
    command: ['postgres', '-c', 'fsync=off', '-c', 'full_page_writes=off', '-c', 'max_connections=300'],
    environment: { POSTGRES_PASSWORD: password },
    folder: '/var/lib/postgresql/data',
    ready: /database system is ready to accept connections/,
  }),
  nats: (): Recipe => ({
    port: 4222,
    command: ['--jetstream', '--store_dir', '/tmp/nats'],
    environment: {},
    ready: /Server is ready/,
  }),
  redis: (): Recipe => ({
    port: 6379,
    command: ['redis-server', '--bind', '0.0.0.0', '--protected-mode', 'no'],
    environment: {},
    ready: /Ready to accept connections/,
  }),
  ceph: (password: string): Recipe => ({
    port: 7480,
    entrypoint: ['bash'],
    command: ['/ceph.sh'],
    file: { source: CEPH_SCRIPT, target: '/ceph.sh' },
    environment: {
      ACCESS_KEY: S3_ACCESS_KEY,
      SECRET_KEY: password,
      ENCRYPTION_KEY: randomBytes(32).toString('base64'),
      STORE_GIB: '10',
    },
    ready: /The object store is ready/,
  }),
} as const;

/**
 * Starts a server in a container that listens on `hostPort` of this machine, and resolves when its log says that it is
 * ready; `answers` is asked after that. The container goes when it is disposed of, and when this process dies.
 */
export async function containerServer(
  kind: keyof typeof recipes,
  o: {
    readonly hostPort: number;
    readonly password?: string;
    readonly answers: (signal: AbortSignal) => Promise<void>;
  },
): Promise<ContainerServer> {
  withoutReaperImage();
  const { GenericContainer, getContainerRuntimeClient, Wait } = await import('testcontainers');
  const recipe = recipes[kind](o.password ?? '');
  const session = randomUUID();
  const reaper = reapContainers(session);
  const { port: container, command, environment, folder, entrypoint, file } = recipe;
  // The library opens ports to everybody; these servers are for this machine alone.
  class LocalContainer extends GenericContainer {
    protected override async beforeContainerCreated(): Promise<void> {
      for (const bindings of Object.values<{ HostIp?: string }[]>(this.hostConfig.PortBindings))
        for (const binding of bindings) binding.HostIp = '127.0.0.1';
    }
  }
  let started: StartedTestContainer;
  try {
    const made = new LocalContainer(IMAGES[kind]);
    if (entrypoint !== undefined) made.withEntrypoint([...entrypoint]);
    if (file !== undefined) made.withCopyFilesToContainer([file]);
    started = await made
      .withExposedPorts({ container, host: o.hostPort })
      .withLabels({ [REAPER_LABEL]: session })
      .withCommand([...command])
      .withEnvironment({ ...environment })
      .withTmpFs(folder === undefined ? {} : { [folder]: 'rw' })
      .withWaitStrategy(Wait.forLogMessage(recipe.ready))
      .withStartupTimeout(READY_LIMIT_MS)
      .start();
  } catch (error) {
    throw new Error(`no container of ${IMAGES[kind]} could be started`, { cause: error });
  }
  const answers = () => o.answers(AbortSignal.timeout(READY_LIMIT_MS));
  await answers();
  const engine = (await getContainerRuntimeClient()).container.getById(started.getId());
  return {
    session,
    kill: async () => {
      await engine.kill({ signal: 'SIGKILL' });
      await engine.wait();
    },
    startAgain: async () => {
      await engine.start();
      await answers();
    },
    [Symbol.asyncDispose]: async () => {
      await engine.remove({ force: true, v: true });
      reaper[Symbol.dispose]();
    },
  };
}
