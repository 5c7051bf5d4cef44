import { readFile, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { temporaryFolder, until } from '@irisvue/testing';
import pg from 'pg';
import { afterEach, beforeEach, describe, expect, inject, test } from 'vitest';
import { findMesh, freePort, logPath, type Mesh, type MeshOptions, meshStatus, startMesh } from '../src/index.ts';
import { identify, isRunning, type ProcessIdentity } from '../src/process-identity.ts';

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let home: string;

beforeEach(async () => {
  folder = await temporaryFolder('home');
  home = join(folder.path, 'a home'); // a space, as in "Application Support"
});
afterEach(async () => {
  await (await findMesh(home))?.stop();
  await folder[Symbol.asyncDispose]();
});

/** A mesh of servers only: services have tests of their own. */
const start = (o: Partial<MeshOptions> = {}): Promise<Mesh> =>
  startMesh({ home, ports: 'free', services: [], ...o, env: { IRISVUE_ENV: 'test', ...o.env } });

async function query(mesh: Mesh, text: string, database = 'jobs'): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: `${mesh.servers.postgres}/${database}` });
  client.on('error', () => {}); // a test may end the server under it
  await client.connect();
  try {
    return (await client.query(text)).rows;
  } finally {
    await client.end();
  }
}

const pidOf = (mesh: Mesh, name: string): number => mesh.processes.find((p) => p.name === name)!.pid;

async function identities(mesh: Mesh): Promise<ProcessIdentity[]> {
  const pids = [mesh.supervisorPid, ...mesh.processes.map((p) => p.pid)];
  return await Promise.all(pids.map(async (pid) => (await identify(pid))!));
}

const noneRuns = async (processes: readonly ProcessIdentity[]): Promise<boolean> =>
  !(await Promise.all(processes.map(isRunning))).includes(true);

describe('a mesh', () => {
  test('has a database for each stateful service, is found, stops in order and keeps its data', async () => {
    const lines: string[] = [];
    const first = await start({ onProgress: ({ name, state }) => lines.push(`${name} ${state}`) });
    expect(lines).toEqual(expect.arrayContaining(['postgres ready', 'nats ready', 'redis ready', 'objects ready']));
    for (const database of ['identity', 'consent', 'jobs']) await query(first, 'select 1', database);
    await query(first, 'create table leaf as select 7 as size');
    expect(await findMesh(home)).toMatchObject({ gatewayUrl: first.gatewayUrl, supervisorPid: first.supervisorPid });
    expect(await meshStatus(home)).toMatchObject({ running: true, phase: 'ready' });

    const processes = await identities(first);
    await first.stop();
    expect(await noneRuns(processes)).toBe(true);
    expect(await findMesh(home)).toBeUndefined();
    expect(await meshStatus(home)).toEqual({ running: false, processes: [] });

    await using second = await start();
    expect(await query(second, 'select size from leaf')).toEqual([{ size: 7 }]);
  });

  test('is told apart from a second one in the same home', async () => {
    await using mesh = await start();
    await expect(start()).rejects.toThrow(`already (supervisor pid ${mesh.supervisorPid})`);
  });

  test('keeps secrets, state and logs to its owner', async () => {
    await using _mesh = await start();
    for (const path of [join(home, 'secrets.json'), join(home, 'mesh.json'), logPath(home, 'supervisor')])
      expect((await stat(path)).mode & 0o077, path).toBe(0);
    const secrets = await readFile(join(home, 'secrets.json'), 'utf8');
    expect(await readFile(logPath(home, 'supervisor'), 'utf8')).not.toContain(JSON.parse(secrets).postgres);
  });

  test('lives on when it is detached, and disposing of it does not stop it', async () => {
    {
      await using _mesh = await start({ detached: true });
    }
    expect(await meshStatus(home)).toMatchObject({ running: true, phase: 'ready' });
  });

  test('that is given servers by URL starts none of its own', async () => {
    await using mesh = await start({
      env: {
        IRISVUE_POSTGRES_URL: inject('postgresUrl'),
        IRISVUE_NATS_URL: inject('natsUrl'),
        IRISVUE_REDIS_URL: inject('redisUrl'),
        IRISVUE_STORAGE_URL: `file://${home}/given`,
      },
    });
    expect(mesh.processes).toEqual([]);
    expect(mesh.servers.nats).toBe(inject('natsUrl'));
    await query(mesh, 'select 1', 'consent');
  });
});

describe('what goes wrong', () => {
  test('a port that is taken: the message names the port, its owner and the knob', async () => {
    const base = await freePort();
    const [taken, other] = [base + 5, base + 7]; // of postgres and redis
    await using _first = await listening(taken);
    await using _second = await listening(other);
    const refused = start({ ports: base });
    await expect(refused).rejects.toThrow(`port ${taken} for postgres is taken by node`);
    await expect(refused).rejects.toThrow(`(pid ${process.pid})`);
    await expect(refused).rejects.toThrow(`port ${other} for redis`);
    await expect(refused).rejects.toThrow('IRISVUE_PORT_BASE');
    expect(await meshStatus(home)).toMatchObject({ running: false });
  });

  test('a URL of the wrong kind', async () => {
    const refused = start({ env: { IRISVUE_POSTGRES_URL: 'mysql://127.0.0.1', IRISVUE_REDIS_URL: 'here' } });
    await expect(refused).rejects.toThrow('IRISVUE_POSTGRES_URL');
    await expect(refused).rejects.toThrow('IRISVUE_REDIS_URL');
  });

  test('a start that is interrupted leaves nothing', async () => {
    const stop = new AbortController();
    const started = start({ signal: stop.signal, onProgress: () => stop.abort(new Error('interrupted')) });
    await expect(started).rejects.toThrow('interrupted');
    expect(await meshStatus(home)).toEqual({ running: false, processes: [] });
    await using _again = await start();
  });

  test('a server is killed: it comes back, with its data', async () => {
    await using mesh = await start();
    await query(mesh, 'create table leaf as select 7 as size');
    for (const name of ['postgres', 'nats', 'redis', 'objects']) {
      const before = pidOf(mesh, name);
      process.kill(before, 'SIGKILL');
      const again = await until(async () => {
        const found = (await meshStatus(home)).processes.find((p) => p.name === name);
        return found?.state === 'ready' && found.pid !== before ? found : undefined;
      });
      expect(again.restarts, name).toBeGreaterThanOrEqual(1);
    }
    expect(await until(() => query(mesh, 'select size from leaf'))).toEqual([{ size: 7 }]);
  });

  test('the supervisor is killed: nothing runs on, and the next start takes over', async () => {
    const mesh = await start();
    await query(mesh, 'create table leaf as select 7 as size');
    const processes = await identities(mesh);
    expect(processes).toHaveLength(5);
    process.kill(mesh.supervisorPid, 'SIGKILL');
    await using again = await start(); // at once, while the old servers are still stopping
    expect(await noneRuns(processes)).toBe(true);
    expect(await query(again, 'select size from leaf')).toEqual([{ size: 7 }]);
  });

  test('everything is killed at once, and strangers have the old process numbers', async () => {
    const mesh = await start();
    for (const { pid } of await identities(mesh)) process.kill(pid, 'SIGKILL');
    const state = JSON.parse(await readFile(join(home, 'mesh.json'), 'utf8'));
    state.supervisor.pid = process.pid;
    for (const record of state.processes) record.identity.pid = process.pid;
    await writeFile(join(home, 'mesh.json'), JSON.stringify(state));
    expect(await findMesh(home)).toBeUndefined();
    await using _again = await start();
  });
});

async function listening(port: number): Promise<AsyncDisposable> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return { [Symbol.asyncDispose]: () => new Promise((resolve) => server.close(() => resolve())) };
}
