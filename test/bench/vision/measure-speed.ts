import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { renderEye } from '@irisvue/testing';
import { type Device, encodeJpeg } from '@irisvue/vision';
import type { Progress } from './progress.ts';

const run = promisify(execFile);

export const stepNames = [
  'decoding',
  'segmenting',
  'segmenting, classical',
  'removing reflections',
  'enhancing',
] as const;
export type StepName = (typeof stepNames)[number];

/** One step on one device. */
export interface StepSpeed {
  readonly step: StepName;
  readonly device: string;
  /** Median of the runs. */
  readonly ms: number;
  /** Of them inside onnxruntime's own calls, median. */
  readonly sessionMs: number;
  /** What the step reads (the photo, the crop) or, enhancing, draws. */
  readonly megapixels: number;
  /** Largest resident size of a process that does nothing but this step. */
  readonly peakMib: number;
}

/** What our code adds around one call of the network. */
export interface CallOverhead {
  readonly network: string;
  readonly device: string;
  readonly callMs: number;
  readonly rawMs: number;
}

export interface Speed {
  readonly photo: string;
  readonly steps: readonly StepSpeed[];
  readonly calls: readonly CallOverhead[];
}

const twelveMegapixels = { width: 4000, height: 3000 };

/** Each step on a rendered photo of 12 megapixels, in a process of its own. */
export async function measureSpeed(runs: number, devices: readonly Device[], progress: Progress): Promise<Speed> {
  const folder = await mkdtemp(join(tmpdir(), 'irisvue-bench-'));
  try {
    const { image } = renderEye({ seed: 1, ...twelveMegapixels });
    await writeFile(join(folder, 'photo.jpg'), await encodeJpeg(image, 92));
    const steps: StepSpeed[] = [];
    const calls: CallOverhead[] = [];
    for (const device of devices) {
      for (const [done, step] of stepNames.entries()) {
        progress(`speed on ${device}`, done, stepNames.length);
        if (device !== 'cpu' && !usesNetwork(step)) continue;
        steps.push(await inChild<StepSpeed>('speed-child.ts', step, folder, `${runs}`, device, '2'));
      }
      calls.push(...(await inChild<CallOverhead[]>('call-child.ts', device, '2')));
    }
    return { photo: 'rendered, 4000 × 3000', steps, calls };
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** Steps that are plain code are the same on every device. */
function usesNetwork(step: StepName): boolean {
  return step !== 'decoding' && step !== 'segmenting, classical';
}

async function inChild<T>(script: string, ...parameters: string[]): Promise<T> {
  const { stdout } = await run(process.execPath, [join(import.meta.dirname, script), ...parameters]);
  return JSON.parse(stdout) as T;
}
