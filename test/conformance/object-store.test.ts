import { execFile } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { freePort } from '@irisvue/embedded';
import { ErrorReason, errorDetail } from '@irisvue/runtime';
import { openStore } from '@irisvue/storage';
import { IMAGES, REAPER_LABEL, reapContainers, until } from '@irisvue/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const root = resolve(import.meta.dirname, '../..');
const run = promisify(execFile);
const docker = async (...args: string[]) => (await run('docker', args, { maxBuffer: 1024 ** 2 * 16 })).stdout.trim();

/** Whether there is an engine with the image. */
const hasImage = await docker('image', 'inspect', IMAGES.ceph).then(
  () => true,
  () => false,
);

const START_MS = 120_000;
const PHRASE = 'an iris that can be found again';
const session = randomUUID();
const name = `irisvue-ceph-${session}`;
let port: number;

/** Starts it with a volume of its own; `secretKey` and the encryption's key are told as docker-compose.yml does. */
async function start(secretKey: string, encryptionKey: string): Promise<void> {
  const told = { ACCESS_KEY: 'irisvue', SECRET_KEY: secretKey, ENCRYPTION_KEY: encryptionKey, STORE_GIB: '10' };
  const environment = Object.entries(told).flatMap(([variable, value]) => ['--env', `${variable}=${value}`]);
  const script = `${join(root, 'deploy/ceph.sh')}:/ceph.sh:ro`;
  const where = ['--publish', `127.0.0.1:${port}:7480`, '--volume', `${name}:/var/lib/ceph`, '--volume', script];
  const labels = ['--name', name, '--label', `${REAPER_LABEL}=${session}`];
  await docker(
    'run',
    '--detach',
    '--init',
    ...labels,
    ...where,
    ...environment,
    '--entrypoint=bash',
    IMAGES.ceph,
    '/ceph.sh',
  );
  await answers();
}

/** Resolves when the gateway answers. */
const answers = () =>
  until(async () => (await fetch(`http://127.0.0.1:${port}/`)).ok, {
    limitMs: START_MS,
    what: 'an answer of the gateway',
  });

const storeOf = (secretKey: string) =>
  openStore(`s3://irisvue:${secretKey}@127.0.0.1:${port}/irisvue?tls=false&sse=false`);

async function read(secretKey: string): Promise<string> {
  await using store = await storeOf(secretKey);
  return Buffer.from(await store.get('test/phrase')).toString();
}

describe.skipIf(!hasImage)('the S3 server of docker-compose.yml', { timeout: START_MS }, () => {
  const encryptionKey = randomBytes(32).toString('base64');
  const [first, second] = [randomBytes(16).toString('hex'), randomBytes(16).toString('hex')];
  let reaper: Disposable;

  beforeAll(async () => {
    reaper = reapContainers(session);
    port = await freePort();
    await start(first, encryptionKey);
    await using store = await storeOf(first);
    await store.put('test/phrase', Buffer.from(PHRASE.repeat(20)), { contentType: 'text/plain' });
  }, START_MS);
  afterAll(async () => {
    await docker('rm', '--force', name);
    await docker('volume', 'rm', '--force', name);
    reaper[Symbol.dispose]();
  });

  test('gives back what it took, and has it encrypted on its disk', async () => {
    expect(await read(first)).toContain(PHRASE);
    const rados = `rados -c /var/lib/ceph/irisvue/ceph.conf --pool default.rgw.buckets.data`;
    const object = await docker('exec', name, 'sh', '-c', `${rados} ls | grep phrase`);
    const raw = await docker('exec', name, 'sh', '-c', `${rados} get "$1" - | base64`, 'sh', object);
    const bytes = Buffer.from(raw, 'base64');
    expect(bytes).toHaveLength(PHRASE.length * 20);
    expect(bytes.toString('latin1')).not.toContain(PHRASE);
  });

  test('has it after it was stopped, and after a crash', async () => {
    await docker('restart', '--time=30', name);
    await answers();
    expect(await read(first)).toContain(PHRASE);
    await docker('kill', name);
    await docker('start', name);
    await answers();
    expect(await read(first)).toContain(PHRASE);
  });

  test('takes another secret from its next start on, with what it holds', async () => {
    await docker('stop', '--time=30', name);
    await docker('rm', name);
    await start(second, encryptionKey);
    expect(await read(second)).toContain(PHRASE);
    const problem: unknown = await read(first).catch((error: unknown) => error);
    expect(problem).toBeInstanceOf(Error);
    expect(errorDetail(problem)?.reason).not.toBe(ErrorReason.DEPENDENCY_DOWN);
  });

  test('ends when one of its parts does', async () => {
    await docker('exec', name, 'bash', '-c', 'kill -9 $(cat /var/lib/ceph/irisvue/run/osd.0.pid)');
    await until(
      async () => (await docker('inspect', '--format', '{{.State.Status}} {{.State.ExitCode}}', name)) === 'exited 1',
      {
        what: 'its end',
      },
    );
  });
});
