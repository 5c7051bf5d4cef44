import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, test } from 'vitest';
import { identify, waitUntilGone } from '../src/process-identity.ts';

const LIFELINE = fileURLToPath(new URL('../src/lifeline.sh', import.meta.url));
const LIMIT_MS = 10_000;

const children: ChildProcess[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

/** A server in sh that says `ready`, then on a signal what `onStop` is, and otherwise never ends by itself. */
function start(signal: string, graceSeconds: number, onStop: string) {
  const script = `trap '${onStop}' ${signal}; echo ready; while :; do sleep 0.05; done`;
  const child = spawn('/bin/sh', [LIFELINE, signal, String(graceSeconds), '/bin/sh', '-c', script], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  children.push(child);
  return { child, ready: once(child.stdout, 'data') };
}

test('the child is the server itself: it ends with the code of the server', async () => {
  const child = spawn('/bin/sh', [LIFELINE, 'TERM', '5', '/bin/sh', '-c', 'echo $$; exit 7'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const said = text(child.stdout);
  expect((await once(child, 'exit'))[0]).toBe(7);
  child.stdin.end('ended\n');
  expect((await said).trim()).toBe(String(child.pid));
});

test('when the other end is gone, the server gets its signal and stops in order', async () => {
  const { child, ready } = start('INT', 5, 'echo stopped in order; exit 0');
  await ready;
  const said = text(child.stdout);
  child.stdin.destroy();
  expect((await once(child, 'exit'))[0]).toBe(0);
  expect(await said).toContain('stopped in order');
});

test('a server that does not listen to its signal is killed after the grace', async () => {
  const { child, ready } = start('TERM', 1, 'echo no');
  await ready;
  child.stdout.resume();
  const server = (await identify(child.pid!))!;
  child.stdin.destroy();
  expect((await once(child, 'exit'))[1]).toBe('SIGKILL');
  expect(await waitUntilGone([server], LIMIT_MS)).toBe(true);
});

test('a line lets the watcher go without ending the server', async () => {
  const { child, ready } = start('TERM', 1, 'echo hit');
  await ready;
  child.stdin.end('ended\n');
  const heard: string[] = [];
  child.stdout.on('data', (chunk) => heard.push(String(chunk)));
  child.stdout.on('close', () => heard.push('closed'));
  child.kill('SIGTERM'); // ours: the server hears it, and only this one
  await once(child.stdout, 'data');
  expect(heard).toEqual(['hit\n']);
  child.kill('SIGKILL');
  await once(child, 'exit');
});
