import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { afterEach, describe, expect, it } from 'vitest';
import { openStore } from '../src/index.ts';

const MAIN = join(import.meta.dirname, '../src/objects-server-main.ts');
const folders: string[] = [];
afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true, force: true });
});

function start(env: Record<string, string>) {
  return spawn(process.execPath, [MAIN], {
    env: { PATH: process.env['PATH'], ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

describe('the objects server as a process', () => {
  it('serves what a store at the same URL presigns, and stops with SIGTERM', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'irisvue-objects-'));
    folders.push(folder);
    const url = (port: number) => `file://${folder}?endpoint=http://127.0.0.1:${port}&secret=0123456789abcdef`;
    const server = start({ IRISVUE_PORT: '0', IRISVUE_STORAGE_URL: url(1) });
    const [line] = await once(createInterface(server.stdout), 'line');
    const { port, service } = JSON.parse(line);
    expect(service).toBe('objects');
    await using store = await openStore(url(port));
    await store.put('a/photo', Buffer.from('eye'), { contentType: 'image/jpeg' });
    const response = await fetch(await store.presignGet('a/photo', { expiresInSeconds: 60 }));
    expect(await response.text()).toBe('eye');
    server.kill('SIGTERM');
    expect(await once(server, 'exit')).toEqual([0, null]);
  });

  it('names every problem of its settings without showing the secret', async () => {
    const server = start({
      IRISVUE_PORT: 'x',
      IRISVUE_STORAGE_URL: 'file:///x?secret=topsecret',
      IRISVUE_ALLOWED_ORIGINS: '*',
    });
    const problems = await text(server.stderr);
    expect(server.exitCode ?? (await once(server, 'exit'))[0]).toBe(2);
    for (const name of ['IRISVUE_PORT', 'IRISVUE_STORAGE_URL', 'IRISVUE_ALLOWED_ORIGINS'])
      expect(problems).toContain(name);
    expect(problems).not.toContain('topsecret');
  });
});
