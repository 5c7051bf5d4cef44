import { execFile } from 'node:child_process';
import { chmod, mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { temporaryFolder } from '@irisvue/testing';
import { describe, expect, onTestFinished, test } from 'vitest';

const run = promisify(execFile);
const MAIN = join(import.meta.dirname, '../src/main.ts');

/** A machine whose `docker` writes down what it is asked, and ends with `code`. */
async function machine(code = 0) {
  const folder = await temporaryFolder('docker');
  onTestFinished(() => folder[Symbol.asyncDispose]());
  const [bin, home, asked] = ['bin', 'home', 'asked'].map((name) => join(folder.path, name)) as [
    string,
    string,
    string,
  ];
  await mkdir(bin);
  await writeFile(join(bin, 'docker'), `#!/bin/sh\necho "$@" >>${asked}\nexit ${code}\n`);
  await chmod(join(bin, 'docker'), 0o755);
  const env = { PATH: `${bin}:/usr/bin:/bin`, IRISVUE_HOME: home };
  return {
    envFile: join(home, 'docker.env'),
    irisvue: (args: readonly string[], more: Readonly<Record<string, string>> = {}) =>
      run(process.execPath, [MAIN, ...args], { env: { ...env, ...more } }),
    asked: async () => (await readFile(asked, 'utf8')).trim().split('\n'),
  };
}

async function variables(path: string): Promise<Record<string, string>> {
  const lines = (await readFile(path, 'utf8')).trim().split('\n');
  return Object.fromEntries(lines.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]));
}

describe('a mesh in containers', () => {
  test('is built and started with everything that docker-compose.yml asks for, for the owner alone', async () => {
    const { irisvue, asked, envFile } = await machine();
    const { stdout } = await irisvue(['up', '--docker'], { IRISVUE_GATEWAY_BIND: '127.0.0.1:18080' });
    expect(stdout).toContain('export IRISVUE_GATEWAY_URL=http://127.0.0.1:18080');
    expect(await asked()).toEqual([
      `compose --env-file ${envFile} build`,
      `compose --env-file ${envFile} up --detach --wait`,
    ]);
    expect((await stat(envFile)).mode & 0o777).toBe(0o600);
    const told = await variables(envFile);
    const compose = await readFile(join(import.meta.dirname, '../../../docker-compose.yml'), 'utf8');
    const required = [...compose.matchAll(/\$\{(IRISVUE_\w+):\?/g)].map(([, name]) => name!);
    expect(required.length).toBeGreaterThan(5);
    for (const name of required) expect(told[name], name).toMatch(/^[\w+/=]{32,}$/);
    expect(Buffer.from(told['IRISVUE_OBJECTS_KEY']!, 'base64')).toHaveLength(32);
  });

  test('keeps its secrets: without them its data is lost', async () => {
    const { irisvue, envFile } = await machine();
    await irisvue(['up', '--docker']);
    const first = await variables(envFile);
    await irisvue(['up', '--docker']);
    expect(await variables(envFile)).toEqual(first);
  });

  test('is stopped, its volumes kept', async () => {
    const { irisvue, asked, envFile } = await machine();
    await irisvue(['up', '--docker']);
    await irisvue(['down', '--docker']);
    expect((await asked()).at(-1)).toBe(`compose --env-file ${envFile} down`);
  });

  test('that never ran cannot be stopped', async () => {
    const { irisvue, envFile } = await machine();
    const problem = await irisvue(['down', '--docker']).catch((error: unknown) => error);
    expect(problem).toMatchObject({ code: 1, stderr: expect.stringContaining(dirname(envFile)) });
  });

  test('that docker does not start is not called ready', async () => {
    const { irisvue, asked } = await machine(17);
    const problem = await irisvue(['up', '--docker']).catch((error: unknown) => error);
    expect(problem).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining('build ended with 17') });
    expect(await asked()).toHaveLength(1);
  });
});
