/**
 * In a process of its own, for measure-speed.ts, so that its peak of memory is its own: one step on one photo, a
 * warm-up and then RUNS times. Prints one line of JSON.
 *
 *   node speed-child.ts STEP FOLDER RUNS DEVICE THREADS
 */
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { type Device, decodePhoto, type Image, limitCodecThreads } from '@irisvue/vision';
import { enhance } from '../../../services/enhancement/src/enhance.ts';
import { removeReflections } from '../../../services/enhancement/src/remove-reflections.ts';
import { openUpscaler } from '../../../services/enhancement/src/upscaler.ts';
import { openIrisModel } from '../../../services/segmentation/src/iris-model.ts';
import { segment } from '../../../services/segmentation/src/segment.ts';
import { median } from '../median.ts';
import type { StepName, StepSpeed } from './measure-speed.ts';
import { measuringBounds } from './methods.ts';
import { timeRawCalls } from './raw-calls.ts';

const modelsDir = resolve(import.meta.dirname, '../../../models');
const [step, folder = '', runs = '3', device = 'cpu', threads = '2'] = process.argv.slice(2);
const share = { device: device as Device, threads: Number(threads) };
limitCodecThreads(share.threads);

const rawCalls = timeRawCalls();

type Work = () => Promise<unknown>;

/** The step's work, with everything that is loaded once loaded already. Megapixels are those that it reads or draws. */
async function prepare(name: StepName): Promise<{ readonly work: Work; readonly megapixels: () => number }> {
  const bytes = await readFile(join(folder, 'photo.jpg'));
  const decoded = await decodePhoto(bytes);
  if ('rejection' in decoded) throw new Error(decoded.rejection.message);
  const photo = decoded.image;
  const size =
    ({ width, height }: Image) =>
    () =>
      (width * height) / 1e6;
  if (name === 'decoding') return { work: () => decodePhoto(bytes), megapixels: size(photo) };
  if (name === 'segmenting, classical') {
    return { work: () => segment(photo, undefined, measuringBounds), megapixels: size(photo) };
  }
  const model = await openIrisModel(modelsDir, share);
  if (name === 'segmenting') return { work: () => segment(photo, model, measuringBounds), megapixels: size(photo) };
  const outcome = await segment(photo, model, measuringBounds);
  if ('rejection' in outcome) throw new Error(outcome.rejection.message);
  const { crop: image, labels, geometry, square } = outcome.segmented;
  const { limbus, pupil } = geometry;
  const inCrop = (e: typeof limbus) => ({ ...e, cx: e.cx - square.x, cy: e.cy - square.y });
  const frame = { frameWidth: square.side, frameHeight: square.side };
  const crop = { image, labels, geometry: { limbus: inCrop(limbus), pupil: pupil && inCrop(pupil), ...frame } };
  if (name === 'removing reflections') return { work: () => removeReflections(crop), megapixels: size(image) };
  const upscaler = await openUpscaler(modelsDir, share);
  let drawn: Image = image;
  const work = async (): Promise<void> => {
    for await (const event of enhance(crop, { upscaler, maxSide: 4096 })) {
      if ('enhanced' in event) drawn = event.enhanced.image;
    }
  };
  return { work, megapixels: () => size(drawn)() };
}

const { work, megapixels } = await prepare(step as StepName);
await work();
const all: number[] = [];
const sessions: number[] = [];
for (let run = 0; run < Number(runs); run++) {
  rawCalls.take();
  const start = performance.now();
  await work();
  all.push(performance.now() - start);
  sessions.push(rawCalls.take());
}
const status = await readFile('/proc/self/status', 'utf8').catch(() => '');
const peakKib = Number(status.match(/VmHWM:\s+(\d+)/)?.[1] ?? process.resourceUsage().maxRSS);
const speed: StepSpeed = {
  step: step as StepName,
  device,
  ms: median(all),
  sessionMs: median(sessions),
  megapixels: megapixels(),
  peakMib: peakKib / 1024,
};
console.log(JSON.stringify(speed));
