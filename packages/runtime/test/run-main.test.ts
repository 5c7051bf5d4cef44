import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { IdentityService } from '@irisvue/contracts/irisvue/identity/v1/identity_service';
import { expect, it } from 'vitest';
import { createServiceClient } from '../src/index.ts';

const FIXTURE = new URL('fixtures/main.ts', import.meta.url);

interface Process {
  readonly child: ChildProcess;
  readonly line: () => Promise<string>;
  readonly exited: Promise<number | null>;
  readonly errors: Promise<string>;
}

function startProcess(env: Record<string, string> = {}): Process {
  const child = fork(FIXTURE, { silent: true, execArgv: [], env: { ...process.env, ...env } });
  const lines = createInterface(child.stdout!)[Symbol.asyncIterator]();
  return {
    child,
    line: async () => String((await lines.next()).value),
    exited: once(child, 'exit').then(([code]) => code),
    errors: text(child.stderr!),
  };
}

it('SIGTERM lets the call in flight end, then exits with 0', async () => {
  const { child, line, exited } = startProcess();
  const url = await line();
  const call = createServiceClient(IdentityService, { url }).getUser({});
  expect(await line()).toBe('called');
  child.kill('SIGTERM');
  expect((await call).user?.id).toBe('drained');
  expect(await exited).toBe(0);
});

it('SIGINT exits with 0', async () => {
  const { child, line, exited } = startProcess();
  await line();
  child.kill('SIGINT');
  expect(await exited).toBe(0);
});

it('stops by itself when its parent lets go', async () => {
  const { child, line, exited } = startProcess();
  await line();
  child.disconnect();
  expect(await exited).toBe(0);
});

it('a second signal ends a stop that waits', async () => {
  const { child, line, exited } = startProcess();
  const url = await line();
  const call = createServiceClient(IdentityService, { url }).getUser({});
  const outcome = expect(call).rejects.toThrow();
  expect(await line()).toBe('called');
  // Two different ones: the system may merge two of a kind.
  child.kill('SIGINT');
  child.kill('SIGTERM');
  expect(await exited).toBe(1);
  await outcome;
});

it('a start that fails says why and exits with 1', async () => {
  const { exited, errors } = startProcess({ IRISVUE_PORT: '1' });
  expect(await exited).toBe(1);
  expect(await errors).toMatch(/^fixture did not start: Error: cannot start/);
});

it('settings that cannot be read are listed without a stack; the exit code is 2', async () => {
  const { exited, errors } = startProcess({ IRISVUE_PORT: 'http', IRISVUE_PROT: '1' });
  expect(await exited).toBe(2);
  expect(await errors).toMatch(/IRISVUE_PORT="http"/);
  expect(await errors).toMatch(/did you mean IRISVUE_PORT/);
  expect(await errors).not.toMatch(/ at /);
});
