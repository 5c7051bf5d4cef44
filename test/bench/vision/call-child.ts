/**
 * In a process of its own, for measure-speed.ts: calls of each network through our code and of onnxruntime alone, in
 * turn, on the same input. Prints one line of JSON.
 *
 *   node call-child.ts DEVICE THREADS
 */
import { resolve } from 'node:path';
import { type Device, openModel } from '@irisvue/vision';
import { median } from '../median.ts';
import { randomOf } from '../random.ts';
import type { CallOverhead } from './measure-speed.ts';
import { timeRawCalls } from './raw-calls.ts';

const names = ['iris-segmentation', 'iris-reflection', 'iris-superres'];
const modelsDir = resolve(import.meta.dirname, '../../../models');
const [device = 'cpu', threads = '2'] = process.argv.slice(2);
/** Side of an input where the network leaves it open. */
const openSide = 128;
const runs = 21;

const rawCalls = timeRawCalls();

const calls: CallOverhead[] = [];
for (const name of names) {
  const model = await openModel(modelsDir, name, { device: device as Device, threads: Number(threads) });
  if (!model) continue;
  for (const [network, { card, run }] of Object.entries(model.networks)) {
    const dims = card.input.shape.map((size, i) => (typeof size === 'number' ? size : i < 2 ? 1 : openSide));
    const random = randomOf(name);
    const input = Float32Array.from({ length: dims.reduce((a, b) => a * b, 1) }, () => random.between(0, 1));
    const whole: number[] = [];
    const raw: number[] = [];
    for (let i = 0; i <= runs; i++) {
      rawCalls.take();
      const start = performance.now();
      await run(input, dims);
      if (i === 0) continue; // a warm-up
      whole.push(performance.now() - start);
      raw.push(rawCalls.take());
    }
    calls.push({ network: `${name} ${network}`, device, callMs: median(whole), rawMs: median(raw) });
  }
}
console.log(JSON.stringify(calls));
