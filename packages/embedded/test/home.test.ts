import { createHmac } from 'node:crypto';
import { closeSync, writeSync } from 'node:fs';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { readMeshConfig } from '../src/config.ts';
import { HomeInUse, lockHome } from '../src/home-lock.ts';
import { boundLog, logTail, openLog } from '../src/log-file.ts';
import { choosePorts, DEFAULT_PORTS } from '../src/ports.ts';
import { identify } from '../src/process-identity.ts';
import { loadSecrets, serviceSecret } from '../src/secrets.ts';
import { replicasOf, serviceEnvironment } from '../src/services.ts';

let home: string;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'irisvue-home-'));
});
afterEach(() => rm(home, { recursive: true }));

describe('the lock of a home', () => {
  test('is had by one, and given back', async () => {
    {
      await using _first = await lockHome(home);
      await expect(lockHome(home)).rejects.toThrow(HomeInUse);
      await expect(lockHome(home)).rejects.toThrow(`pid ${process.pid}`);
    }
    await using _again = await lockHome(home);
  });

  test.each([
    ['a dead holder', JSON.stringify({ pid: 2 ** 22 + 1, started: '1' })],
    ['a stranger with the number of a dead holder', JSON.stringify({ pid: process.pid, started: 'before' })],
    ['a file that was cut off', '{"pid":'],
  ])('is taken over from %s', async (_, text) => {
    await writeFile(join(home, 'supervisor.lock'), text);
    await using _lock = await lockHome(home);
    expect(JSON.parse(await readFile(join(home, 'supervisor.lock'), 'utf8'))).toEqual(await identify(process.pid));
  });
});

describe('secrets', () => {
  test('are made once, and only the owner may read them', async () => {
    const first = await loadSecrets(home);
    expect(new Set(Object.values(first)).size).toBe(6);
    for (const secret of Object.values(first)) expect(secret).toMatch(/^[0-9a-f]{64}$/);
    expect(await loadSecrets(home)).toEqual(first);
    expect((await stat(join(home, 'secrets.json'))).mode & 0o777).toBe(0o600);
  });

  test('that a newer version wants are added to the old ones', async () => {
    await writeFile(join(home, 'secrets.json'), JSON.stringify({ master: 'kept' }));
    const { master, link } = await loadSecrets(home);
    expect(master).toBe('kept');
    expect((await loadSecrets(home)).link).toBe(link);
  });

  test('that cannot be read are not replaced: the data hangs on them', async () => {
    await writeFile(join(home, 'secrets.json'), '{"master"');
    await expect(loadSecrets(home)).rejects.toThrow('secrets.json cannot be read');
    expect(await readFile(join(home, 'secrets.json'), 'utf8')).toBe('{"master"');
  });

  test("of a service: HMAC-SHA256 of its name under the master's", () => {
    expect(serviceSecret('m', 'jobs')).toBe(createHmac('sha256', 'm').update('jobs').digest('hex'));
  });
});

describe('ports', () => {
  test('follow the pattern of the default ones from another first port on', async () => {
    expect(await choosePorts('default')).toEqual(DEFAULT_PORTS);
    expect(await choosePorts(9080)).toMatchObject({ gateway: 9080, postgres: 9085, fusion: 9093 });
    const free = await choosePorts('free');
    expect(free.fusion - free.gateway).toBe(DEFAULT_PORTS.fusion - DEFAULT_PORTS.gateway);
  });

  test.each([0, 65_530, 1.5])('cannot start at %d', async (port) => {
    await expect(choosePorts(port)).rejects.toThrow(RangeError);
  });
});

describe('a log', () => {
  test('moves its text aside when it is too long, while a process goes on writing to it', async () => {
    const path = join(home, 'a.log');
    await boundLog(path); // there is none yet
    const log = openLog(path);
    try {
      writeSync(log, 'one\n');
      await boundLog(path, 3);
      expect(await readFile(`${path}.1`, 'utf8')).toBe('one\n');
      writeSync(log, 'two\n');
      expect(await readFile(path, 'utf8')).toBe('two\n');
      expect(await logTail(path)).toBe('two');
    } finally {
      closeSync(log);
    }
  });
});

describe('the environment of a service', () => {
  const urls = { postgres: 'postgres://u:p@127.0.0.1:1', nats: 'nats://n', redis: 'redis://r', storage: 'file:///s' };
  const given = {
    ...{ PATH: '/bin', IRISVUE_HOME: '/h', IRISVUE_POSTGRES_URL: 'postgres://u:p@127.0.0.1:1' },
    ...{ IRISVUE_MASTER_SECRET: 'not for you', IRISVUE_SLOTS: '3', IRISVUE_SUBJECT_KINDS: 'self' },
  };

  test('holds its own secrets, database and settings, and nothing of others', async () => {
    const secrets = await loadSecrets(home);
    const mesh = { home, config: readMeshConfig(given), ports: DEFAULT_PORTS, urls, secrets };
    const of = (name: 'jobs' | 'identity' | 'consent' | 'segmentation') =>
      serviceEnvironment({ name, port: DEFAULT_PORTS[name] }, mesh);
    expect(of('jobs')).toMatchObject({
      PATH: '/bin',
      IRISVUE_PORT: '8083',
      IRISVUE_DATABASE_URL: 'postgres://u:p@127.0.0.1:1/jobs',
      IRISVUE_SERVICE_SECRET: serviceSecret(secrets.master, 'jobs'),
      IRISVUE_SLOTS: '3',
    });
    for (const name of ['IRISVUE_MASTER_SECRET', 'IRISVUE_KEY_SECRET', 'IRISVUE_POSTGRES_URL', 'IRISVUE_HOME'])
      expect(of('jobs'), name).not.toHaveProperty(name);
    expect(of('identity')).toMatchObject({ IRISVUE_MASTER_SECRET: secrets.master });
    expect(of('consent')).toMatchObject({ IRISVUE_SUBJECT_KINDS: 'self' }); // what is given beats development's own
    expect(of('segmentation')['IRISVUE_MODELS_DIR']).toMatch(new RegExp(`^${home}/models:/.*/models$`));
    expect(JSON.stringify(of('segmentation'))).not.toMatch(new RegExp(Object.values(secrets).join('|')));
  });

  test('of a second replica has ports of its own, and whoever calls it is told of both', async () => {
    const secrets = await loadSecrets(home);
    const replicas = { jobs: 2, segmentation: 3 };
    const mesh = { home, config: readMeshConfig({}), ports: DEFAULT_PORTS, urls, secrets, replicas };
    const [first, second] = replicasOf(DEFAULT_PORTS, 'jobs', replicas);
    expect([first?.label, second?.label]).toEqual(['jobs', 'jobs-2']);
    expect(serviceEnvironment(first!, mesh)).toMatchObject({ IRISVUE_PORT: '8083', IRISVUE_METRICS_PORT: '8103' });
    expect(serviceEnvironment(second!, mesh)).toMatchObject({
      IRISVUE_PORT: '8123',
      IRISVUE_METRICS_PORT: '8143',
      IRISVUE_SEGMENTATION_URL: 'http://127.0.0.1:8091,http://127.0.0.1:8131,http://127.0.0.1:8171',
      IRISVUE_ENHANCEMENT_URL: 'http://127.0.0.1:8092',
    });
    const taken = Object.keys(DEFAULT_PORTS).flatMap((name) =>
      replicasOf(DEFAULT_PORTS, name as 'jobs', { ...replicas, [name]: 3 }).flatMap(({ port }) => [port, port + 20]),
    );
    expect(new Set(taken).size).toBe(taken.length);
  });

  test('does not widen the kinds of subjects in production', () => {
    const config = readMeshConfig({ IRISVUE_ENV: 'production' });
    const secrets = { master: 'm', key: 'k', link: 'l', objects: 'o', objectsKey: 'ok', postgres: 'p' };
    const env = serviceEnvironment(
      { name: 'consent', port: 8082 },
      { home, config, ports: DEFAULT_PORTS, urls, secrets },
    );
    expect(env).not.toHaveProperty('IRISVUE_SUBJECT_KINDS');
  });

  test('is refused with every problem at once', () => {
    const wrong = {
      ...{ IRISVUE_POSTGRES_URL: 'postgres://h/db', IRISVUE_NATS_URL: 'http://n' },
      ...{ IRISVUE_ENV: 'staging' },
    };
    for (const name of ['IRISVUE_POSTGRES_URL', 'IRISVUE_NATS_URL', 'IRISVUE_ENV'])
      expect(() => readMeshConfig(wrong)).toThrow(name);
  });
});
