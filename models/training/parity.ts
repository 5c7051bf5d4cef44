/**
 * Runs an ONNX file once with the runtime that the services use, for the comparison with PyTorch after an export.
 * Usage: node parity.ts MODEL.onnx INPUT_NAME 1,3,192,192 FOLDER OUTPUT...
 * Reads FOLDER/input.bin, writes FOLDER/<output>.bin (float32, little endian).
 */
import { readFile, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type * as OnnxRuntime from '../../packages/vision/node_modules/onnxruntime-node/dist/index.d.ts';

// This folder is no package of the workspace: the runtime is the one that packages/vision depends on.
const require = createRequire(new URL('../../packages/vision/package.json', import.meta.url));
const { InferenceSession, Tensor }: typeof OnnxRuntime = require('onnxruntime-node');

const [model, inputName, dims, folder, ...outputs] = process.argv.slice(2);
if (model === undefined || inputName === undefined || dims === undefined || folder === undefined) {
  process.stderr.write('usage: parity.ts MODEL.onnx INPUT_NAME DIMS FOLDER OUTPUT...\n');
  process.exit(2);
}

const bytes = await readFile(join(folder, 'input.bin'));
const input = new Float32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4);
const session = await InferenceSession.create(model, { intraOpNumThreads: 1, logSeverityLevel: 3 });
const answer = await session.run({ [inputName]: new Tensor('float32', input, dims.split(',').map(Number)) });
for (const name of outputs) {
  const data = answer[name]?.data;
  if (!(data instanceof Float32Array)) throw new Error(`${model} has no float32 output "${name}"`);
  await writeFile(join(folder, `${name}.bin`), new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
}
