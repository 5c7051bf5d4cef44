import { execFile, fork } from 'node:child_process';
import { once } from 'node:events';
import { promisify } from 'node:util';
import { freePort } from '@irisvue/embedded';
import { describe, expect, onTestFinished, test } from 'vitest';
import { containerServer } from '../src/container-server.ts';
import { IMAGES } from '../src/environment.ts';
import { REAPER_LABEL } from '../src/reap-containers.ts';
import { until } from '../src/until.ts';

const run = promisify(execFile);
const docker = async (...args: string[]): Promise<string> => (await run('docker', args)).stdout.trim();

/** Whether there is an engine with the image: only where `docker` works can containers be tested. */
const hasImage = await docker('image', 'inspect', IMAGES.redis).then(
  () => true,
  () => false,
);

describe.skipIf(!hasImage)('containers of tests', () => {
  test('are for this machine alone', async () => {
    await using server = await containerServer('redis', { hostPort: await freePort(), answers: async () => {} });
    const id = await docker('ps', '--quiet', '--filter', `label=${REAPER_LABEL}=${server.session}`);
    const format = '{{range .HostConfig.PortBindings}}{{range .}}{{.HostIp}} {{end}}{{end}}';
    expect(await docker('inspect', '--format', format, id)).toBe('127.0.0.1');
  });

  test('a run that is killed leaves none behind', async () => {
    const child = fork(new URL('forgetful-run.ts', import.meta.url), { stdio: 'inherit' });
    onTestFinished(() => void child.kill('SIGKILL'));
    const [session] = (await once(child, 'message')) as [string];
    const ofSession = () => docker('ps', '--all', '--quiet', '--filter', `label=${REAPER_LABEL}=${session}`);
    expect((await ofSession()).split('\n')).toHaveLength(1);
    child.kill('SIGKILL');
    await until(async () => (await ofSession()) === '', { what: 'that the container is gone' });
  });
});
