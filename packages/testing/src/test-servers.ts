import { join } from 'node:path';
import {
  freePort,
  isInstalled,
  natsServer,
  postgresServer,
  postgresUrl,
  redisServer,
  runServer,
  type ServerSpec,
} from '@irisvue/embedded';
import { containerServer } from './container-server.ts';
import { givenServer, IMAGES, searchPath, wantedServers } from './environment.ts';
import { temporaryFolder } from './temporary-folder.ts';

/** Of a server that holds nothing but tests and listens on this machine only. */
const PASSWORD = 'tests';

const PROGRAMS = { nats: 'nats-server', redis: 'redis-server' } as const;

type Kind = 'postgres' | 'nats' | 'redis';

/** Servers that all integration tests of a run share. */
export interface TestServers extends AsyncDisposable {
  readonly postgresUrl: string;
  readonly natsUrl: string;
  readonly redisUrl: string;
  /** Where each comes from, for a person to read. */
  readonly sources: Readonly<Record<Kind, string>>;
}

/** A server of one test's own, which it can kill and start again on the same port, with the data it had. */
export interface TestServer extends AsyncDisposable {
  readonly url: string;
  /** Ends it as a crash would; resolves when it is gone. */
  kill(): Promise<void>;
  /** Starts it again after kill(); resolves when it can be used. */
  startAgain(): Promise<void>;
}

/**
 * PostgreSQL (without fsync), NATS with JetStream and Redis: those that are given by URL, else on free ports, their data
 * in a temporary folder or their container.
 */
export async function startServers(): Promise<TestServers> {
  await using undo = new AsyncDisposableStack();
  const shared = async (kind: Kind): Promise<{ url: string; source: string }> => {
    const given = givenServer(kind);
    if (given !== undefined) return { url: given, source: 'given by URL' };
    const server = undo.use(await startServer(kind));
    return { url: server.url, source: inContainer(kind) ? `container of ${IMAGES[kind]}` : 'program' };
  };
  const [postgres, nats, redis] = await Promise.all([shared('postgres'), shared('nats'), shared('redis')]);
  const running = undo.move();
  return {
    postgresUrl: postgres.url,
    natsUrl: nats.url,
    redisUrl: redis.url,
    sources: { postgres: postgres.source, nats: nats.source, redis: redis.source },
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

/** NATS with JetStream for a test that kills it. */
export const startNats = (): Promise<TestServer> => startServer('nats');

/** Redis for a test that kills it. */
export const startRedis = (): Promise<TestServer> => startServer('redis');

// PostgreSQL's programs come as a package.
function inContainer(kind: Kind): boolean {
  switch (wantedServers()) {
    case 'containers':
      return true;
    case 'local':
      return false;
    case 'auto':
      return kind !== 'postgres' && !isInstalled(PROGRAMS[kind], searchPath);
  }
}

async function startServer(kind: Kind): Promise<TestServer> {
  const folder = await temporaryFolder(kind);
  try {
    const port = await freePort();
    const spec = specOf(kind, join(folder.path, kind), port);
    const url = kind === 'postgres' ? postgresUrl({ port, password: PASSWORD }) : spec.url;
    const server = inContainer(kind)
      ? await containerServer(kind, { hostPort: port, password: PASSWORD, answers: (signal) => spec.ready(signal) })
      : await programServer(spec, join(folder.path, `${kind}.log`));
    return {
      url,
      kill: () => server.kill(),
      startAgain: () => server.startAgain(),
      async [Symbol.asyncDispose]() {
        await server[Symbol.asyncDispose]();
        await folder[Symbol.asyncDispose]();
      },
    };
  } catch (error) {
    await folder[Symbol.asyncDispose]();
    throw error;
  }
}

function specOf(kind: Kind, dir: string, port: number): ServerSpec {
  switch (kind) {
    case 'postgres':
      return postgresServer({ dir, port, password: PASSWORD, durable: false });
    case 'nats':
      return natsServer({ dir, port });
    case 'redis':
      return redisServer({ dir, port });
    default:
      return kind satisfies never;
  }
}

async function programServer(spec: ServerSpec, log: string): Promise<Omit<TestServer, 'url'>> {
  let server = await runServer(spec, log);
  return {
    kill: () => server.kill(),
    async startAgain() {
      server = await runServer(spec, log);
    },
    [Symbol.asyncDispose]: () => server.stop(),
  };
}
