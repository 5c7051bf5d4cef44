import { execFile } from 'node:child_process';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';

const root = resolve(import.meta.dirname, '../../..');
const run = promisify(execFile);

/** Opens a model in a process of its own, whose home is empty. @returns what it left there. */
async function leftInHome(imports: string): Promise<string[]> {
  const home = await mkdtemp(join(tmpdir(), 'irisvue-home-'));
  onTestFinished(() => rm(home, { recursive: true }));
  const weights = join(root, 'models/iris-superres/1/main.onnx');
  const code = `${imports}
    import { createRequire } from 'node:module';
    const { InferenceSession } = createRequire(${JSON.stringify(join(root, 'packages/vision/src/x.ts'))})('onnxruntime-node');
    await InferenceSession.create(${JSON.stringify(weights)});`;
  const { CI: _, ORT_DISABLE_TELEMETRY: __, ...surroundings } = process.env;
  // No proxy and no certificates: should it try to send, it cannot.
  const env = { ...surroundings, HOME: home, SSL_CERT_FILE: '/nonexistent', HTTPS_PROXY: 'http://127.0.0.1:9' };
  await run(process.execPath, ['--input-type=module', '-e', code], { env });
  return await readdir(home, { recursive: true });
}

test('ONNX Runtime keeps no id of this machine to report under, as it would without our word', async () => {
  const ours = join(root, 'packages/vision/src/network.ts');
  expect(await leftInHome(`import ${JSON.stringify(ours)};`)).toEqual([]);
  expect((await leftInHome('')).join()).toMatch(/onnxruntime/i);
});
