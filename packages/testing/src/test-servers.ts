import { join } from 'node:path';
import {
  freePort,
  natsServer,
  postgresServer,
  postgresUrl,
  type RunningServer,
  redisServer,
  runServer,
} from '@irisvue/embedded';
import { temporaryFolder } from './temporary-folder.ts';

/** Of a server that holds nothing but tests and listens on this machine only. */
const PASSWORD = 'tests';

/** Servers that all integration tests of a run share. */
export interface TestServers extends AsyncDisposable {
  readonly postgresUrl: string;
  readonly natsUrl: string;
  readonly redisUrl: string;
}

/** A server of one test's own, which it can kill and start again on the same port, with the data it had. */
export interface TestServer extends AsyncDisposable {
  readonly url: string;
  readonly pid: number;
  /** Ends it as a crash would; resolves when it is gone. */
  kill(): Promise<void>;
  /** Starts it again after kill(); resolves when it can be used. */
  startAgain(): Promise<void>;
}

/** PostgreSQL (without fsync), NATS with JetStream and Redis on free ports, their data in a temporary folder. */
export async function startServers(): Promise<TestServers> {
  await using undo = new AsyncDisposableStack();
  const folder = undo.use(await temporaryFolder('servers'));
  const port = await freePort();
  const [nats, redis, postgres] = await Promise.all([
    run('nats', folder.path),
    run('redis', folder.path),
    runServer(
      postgresServer({
        dir: join(folder.path, 'postgres'),
        port,
        password: PASSWORD,
        durable: false,
      }),
      join(folder.path, 'postgres.log'),
    ),
  ]);
  for (const server of [nats, redis, postgres]) undo.use(server);
  const running = undo.move();
  return {
    postgresUrl: postgresUrl({ port, password: PASSWORD }),
    natsUrl: nats.url,
    redisUrl: redis.url,
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

/** NATS with JetStream for a test that kills it. */
export const startNats = (): Promise<TestServer> => startOwn('nats');

/** Redis for a test that kills it. */
export const startRedis = (): Promise<TestServer> => startOwn('redis');

type Killable = 'nats' | 'redis';

async function run(kind: Killable, folder: string, port?: number): Promise<RunningServer> {
  const options = { dir: join(folder, kind), port: port ?? (await freePort()) };
  return await runServer(kind === 'nats' ? natsServer(options) : redisServer(options), join(folder, `${kind}.log`));
}

async function startOwn(kind: Killable): Promise<TestServer> {
  const folder = await temporaryFolder(kind);
  const port = await freePort();
  let server = await run(kind, folder.path, port);
  return {
    url: server.url,
    get pid() {
      return server.pid;
    },
    kill: () => server.kill(),
    async startAgain() {
      server = await run(kind, folder.path, port);
    },
    async [Symbol.asyncDispose]() {
      await server.stop();
      await folder[Symbol.asyncDispose]();
    },
  };
}
