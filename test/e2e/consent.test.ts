import { execFile } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type Mesh, startMesh } from '@irisvue/embedded';
import { temporaryFolder } from '@irisvue/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { newPerson } from './person.ts';

const stack = new AsyncDisposableStack();
let mesh: Mesh;
beforeAll(async () => {
  const home = stack.use(await temporaryFolder('consent')).path;
  const env = { IRISVUE_ENV: 'development' };
  mesh = stack.use(await startMesh({ home, ports: 'free', env, services: ['gateway', 'identity', 'consent'] }));
});
afterAll(() => stack.disposeAsync());

test('by command: grant, receipts, a receipt verified without the mesh, withdraw', async () => {
  await using person = await newPerson(mesh.gatewayUrl, { consent: false });
  const command = async (...args: string[]) => {
    const main = join(import.meta.dirname, '../../packages/cli/src/main.ts');
    const env = { ...process.env, IRISVUE_HOME: person.home, IRISVUE_GATEWAY_URL: mesh.gatewayUrl };
    return (await promisify(execFile)(process.execPath, [main, 'consent', ...args], { env })).stdout;
  };
  await expect(command('grant', 'capture', '--residence', 'illinois', '--yes')).rejects.toThrow(/signature/);
  const granted = await command('grant', 'capture', '--residence', 'illinois', '--yes', '--name', 'Robin Example');
  expect(granted).toMatch(/capture\s+own eye {2}granted .* illinois/);
  const out = join(person.home, 'receipts');
  await command('receipts', '--out', out);
  const file = (await readdir(out)).find((name) => name.endsWith('.jws'))!;
  const keys = ['--keys', join(out, 'keys.json')];
  expect(await command('verify-receipt', join(out, file), ...keys)).toContain('genuine: biometric_capture given');
  expect(await command('withdraw', 'capture')).toMatch(/capture\s+own eye {2}withdrawn/);
  expect(await command('policy', '--language', 'de')).toContain('in force since');
});
