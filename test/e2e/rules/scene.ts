import { rmSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openDatabase } from '@irisvue/database';
import { loadSecrets, serviceSecret } from '@irisvue/embedded';
import { createLogger, serviceTokenSource, systemClock } from '@irisvue/runtime';
import { startTestMesh, type TestMesh } from '@irisvue/testing';
import { sql } from 'kysely';
import { type MovedClock, movedClock, preloading } from './moved-clock.ts';
import { type OutwardSockets, watchOutwardSockets } from './outward-sockets.ts';
import { type Recipient, startRecipient } from './recipient.ts';

/** The one mesh that the tests of the rules share. */
export interface Scene extends AsyncDisposable {
  readonly mesh: TestMesh;
  readonly clock: MovedClock;
  /** File with a line for each connection that a process of the mesh opened: the host. */
  readonly connections: string;
  /** Sockets that lead out of this machine, whoever opened them. */
  readonly outward: OutwardSockets;
  /** What libraries take for the way out, by HTTPS_PROXY: it hears whoever wants to report to somebody. */
  readonly wayOut: Recipient;
  /** Told of erasures; offered as the recipient `gallery`. There is `lab` besides, which cannot be told. */
  readonly gallery: Recipient;
  /** Like it, as `press`; refuses what it is told with 410. */
  readonly press: Recipient;
}

const RATES = [
  'IRISVUE_FREE_TRIES_PER_ACCOUNT',
  'IRISVUE_FREE_TRIES_PER_ADDRESS',
  'IRISVUE_USER_CALLS_PER_MINUTE',
  'IRISVUE_ADDRESS_CALLS_PER_MINUTE',
];

let open: Scene | undefined;

/** The scene; it is open while tests run. */
export function scene(): Scene {
  if (open === undefined) throw new Error('the scene is not open');
  return open;
}

/** Starts the mesh, with recipients outside it, rounds of the purge each second, and no limit of calls. */
export async function openScene(): Promise<void> {
  await using stack = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'irisvue-rules-'));
  stack.defer(() => rmSync(folder, { recursive: true }));
  const gallery = stack.use(await startRecipient());
  const press = stack.use(await startRecipient());
  press.status = 410;
  const wayOut = stack.use(await startRecipient());
  const proxy = new URL(wayOut.url).origin;
  const clock = await movedClock(folder);
  const connections = join(folder, 'connections');
  const mesh = stack.use(
    await startTestMesh({
      env: {
        ...clock.env,
        ...Object.fromEntries(RATES.map((name) => [name, '10000'])),
        CONNECTIONS: connections,
        ...{ HTTPS_PROXY: proxy, https_proxy: proxy, ALL_PROXY: proxy, all_proxy: proxy },
        NODE_OPTIONS: preloading('preload-clock.ts', 'preload-connections.ts'),
        IRISVUE_TRUSTED_PROXIES: '1',
        IRISVUE_PURGE_SECONDS: '1',
        IRISVUE_SWEEP_SECONDS: '1',
        IRISVUE_RECIPIENTS: 'gallery=Example Gallery, 1 Example Street; lab=Example Lab; press=Example Press',
        IRISVUE_RECIPIENT_HOOKS: `gallery=${gallery.url}; press=${press.url}`,
      },
    }),
  );
  const outward = stack.use(watchOutwardSockets(mesh.supervisorPid));
  const kept = stack.move();
  const dispose = { [Symbol.asyncDispose]: () => kept.disposeAsync() };
  open = { mesh, clock, connections, outward, wayOut, gallery, press, ...dispose };
}

export async function closeScene(): Promise<void> {
  await open?.[Symbol.asyncDispose]();
  open = undefined;
}

/** A token by which a service of the mesh calls another. */
export async function tokenOfService(service: string): Promise<string> {
  const { mesh } = scene();
  const secret = serviceSecret((await loadSecrets(mesh.home)).master, service);
  const identityUrl = (await mesh.process('identity')).url!;
  return await serviceTokenSource({ identityUrl, service, secret, clock: systemClock })();
}

export type DatabaseName = 'identity' | 'consent' | 'jobs';

/** Runs a statement in a service's database, as the superuser. Gives its rows; throws what PostgreSQL says. */
export async function query<Row = Record<string, unknown>>(database: DatabaseName, text: string): Promise<Row[]> {
  const url = new URL(scene().mesh.servers.postgres);
  url.pathname = `/${database}`;
  const db = openDatabase<Record<never, never>>(url.href, {
    logger: createLogger({ service: 'test', level: 'silent' }),
  });
  try {
    return (await sql<Row>`${sql.raw(text)}`.execute(db)).rows;
  } finally {
    await db.destroy();
  }
}

/** The tables of a service's database. */
export async function tablesOf(database: DatabaseName): Promise<string[]> {
  const rows = await query<{ name: string }>(
    database,
    "SELECT table_name AS name FROM information_schema.tables WHERE table_schema = 'public' AND table_type = 'BASE TABLE'",
  );
  return rows.map((row) => row.name);
}
