import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { temporaryFolder } from '@irisvue/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';

const MAIN = join(import.meta.dirname, '../../packages/cli/src/main.ts');
// Above the default ports, below those that tests find for themselves.
const PORT_BASE = 12_080 + 64 * (process.pid % 100);

let home: Awaited<ReturnType<typeof temporaryFolder>>;
let env: NodeJS.ProcessEnv;
beforeAll(async () => {
  home = await temporaryFolder('up');
  env = { ...process.env, IRISVUE_ENV: 'test', IRISVUE_HOME: home.path, IRISVUE_PORT_BASE: String(PORT_BASE) };
});
afterAll(async () => {
  await command('down');
  await home[Symbol.asyncDispose]();
});

const command = async (...args: string[]) =>
  (await promisify(execFile)(process.execPath, [MAIN, ...args], { env })).stdout;
const isUp = async () => (await fetch(`http://127.0.0.1:${PORT_BASE}/healthz`).catch(() => undefined))?.ok ?? false;

/** `irisvue up` as a script or a service manager starts it: no terminal, nothing to read from. Resolves once it says so. */
async function up(...args: string[]): Promise<ChildProcess> {
  const child = spawn(process.execPath, [MAIN, 'up', ...args], {
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  const errors: string[] = [];
  child.stderr.on('data', (chunk) => errors.push(String(chunk)));
  for await (const line of createInterface(child.stdout)) if (line.startsWith('Gateway:')) return child;
  throw new Error(`it said nothing of a gateway: ${errors.join('')}`);
}
const exitCode = async (child: ChildProcess) => child.exitCode ?? (await once(child, 'exit'))[0];

test('without a terminal, `up` holds the mesh until it is told to end', async () => {
  const child = await up();
  expect(await command('status')).toContain('gateway'); // longer than a process lives that nothing holds
  expect(child.exitCode).toBeNull();
  expect(await isUp()).toBe(true);
  child.kill('SIGTERM');
  expect(await exitCode(child)).toBe(0);
  expect(await isUp()).toBe(false);
});

test('`up` ends when somebody else stops the mesh; `up --detach` leaves it running', async () => {
  const child = await up();
  expect(await command('down')).toContain('Stopped.');
  expect(await exitCode(child)).toBe(0);

  const detached = await up('--detach');
  expect(await exitCode(detached)).toBe(0);
  expect(await isUp()).toBe(true);
  expect(await command('down')).toContain('Stopped.');
  expect(await isUp()).toBe(false);
});
