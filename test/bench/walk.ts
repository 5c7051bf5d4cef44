/**
 * One photo of 12 megapixels through the whole mesh: submit to result, each step, the pixel work alone in the same
 * run, memory; beside the same steps in Python and OpenCV where python3-opencv is there.
 *
 *   node test/bench/walk.ts [--runs 3] [--photo FILE] [--json]
 */
import { execFile, spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs, promisify } from 'node:util';
import { JobStep } from '@irisvue/contracts/irisvue/jobs/v1/job';
import { childPids, renderEye, startTestMesh, type TestMesh } from '@irisvue/testing';
import { encodeJpeg } from '@irisvue/vision';
import { ended, newPerson, submit, uploadBytes } from '../e2e/person.ts';
import { median } from './median.ts';

const run = promisify(execFile);
const here = import.meta.dirname;
const { values: options } = parseArgs({
  options: {
    runs: { type: 'string', default: '3' },
    photo: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
});
const twelveMegapixels = { width: 4000, height: 3000 };

const stepNames: Partial<Record<JobStep, string>> = {
  [JobStep.SEGMENTING]: 'segmenting',
  [JobStep.REMOVING_REFLECTIONS]: 'removing reflections',
  [JobStep.ENHANCING]: 'enhancing',
};

type Milliseconds = Record<string, number>;

interface Walk {
  /** Submit to result, median of the runs. */
  readonly totalMs: number;
  /** Each step as the runner saw it, median. */
  readonly steps: Milliseconds;
  /** Largest resident size of each slot. */
  readonly slotPeakMib: Milliseconds;
  /** Proportional share of memory of all processes, before the first job. */
  readonly idleMib: number;
}

async function walk(photo: Uint8Array, runs: number): Promise<Walk> {
  await using mesh = await startTestMesh();
  await using person = await newPerson(mesh.gatewayUrl);
  const idleMib = await memoryOf(mesh);
  const photoId = await uploadBytes(person, photo);
  const totals: number[] = [];
  const steps: Record<string, number[]> = {};
  for (let i = 0; i <= runs; i++) {
    const start = performance.now();
    const [job] = await ended(person, await submit(person, photoId));
    const totalMs = performance.now() - start;
    if (job?.errorMessage) throw new Error(job.errorMessage);
    // The first run warms the slots and is not counted.
    if (i === 0) continue;
    totals.push(totalMs);
    for (const { step, durationMs } of job!.steps) (steps[stepNames[step] ?? step] ??= []).push(Number(durationMs));
  }
  const slotPeakMib: Milliseconds = {};
  for (const service of ['segmentation', 'enhancement']) {
    const [slot] = await childPids((await mesh.process(service)).pid);
    slotPeakMib[service] = (await kilobytesIn(`/proc/${slot}/status`, 'VmHWM')) / 1024;
  }
  const medians = Object.fromEntries(Object.entries(steps).map(([step, times]) => [step, median(times)]));
  return { totalMs: median(totals), steps: medians, slotPeakMib, idleMib };
}

async function memoryOf(mesh: TestMesh): Promise<number> {
  const roots = [mesh.supervisorPid, ...mesh.processes.map((p) => p.pid)];
  const pids = new Set(roots);
  for (const pid of pids) for (const child of await childPids(pid)) pids.add(child);
  let kilobytes = 0;
  for (const pid of pids) kilobytes += await kilobytesIn(`/proc/${pid}/smaps_rollup`, 'Pss').catch(() => 0);
  return kilobytes / 1024;
}

async function kilobytesIn(path: string, field: string): Promise<number> {
  const line = (await readFile(path, 'utf8')).split('\n').find((text) => text.startsWith(`${field}:`));
  return Number(line?.match(/\d+/)?.[0] ?? 0);
}

async function pythonPeer(photoPath: string): Promise<{ ms: Milliseconds; peakMiB: number } | undefined> {
  const python = '/usr/bin/python3';
  if (spawnSync(python, ['-c', 'import cv2, onnx']).status !== 0) return undefined;
  const networks = ['search', 'outline'].map((name) => resolve(here, `../../models/iris-segmentation/1/${name}.onnx`));
  const { stdout } = await run(python, [join(here, 'walk-opencv.py'), photoPath, ...networks]);
  return JSON.parse(stdout);
}

const folder = await mkdtemp(join(tmpdir(), 'irisvue-bench-'));
try {
  const path = options.photo ?? join(folder, 'photo.jpg');
  if (!options.photo) await writeFile(path, await encodeJpeg(renderEye({ seed: 1, ...twelveMegapixels }).image, 92));
  const mesh = await walk(await readFile(path), Number(options.runs));
  const { stdout } = await run(process.execPath, [join(here, 'walk-pixels.ts'), path, options.runs]);
  const pixels = JSON.parse(stdout) as { ms: Milliseconds; peakMiB: number };
  const peer = await pythonPeer(path);
  if (options.json) console.log(JSON.stringify({ mesh, pixels, peer }));
  else print(mesh, pixels, peer);
} finally {
  await rm(folder, { recursive: true });
}

function print(
  mesh: Walk,
  pixels: { ms: Milliseconds },
  peer: { ms: Milliseconds; peakMiB: number } | undefined,
): void {
  const sum = (ms: Milliseconds): number => Object.values(ms).reduce((a, b) => a + b, 0);
  const cell = (ms: number | undefined): string => (ms === undefined ? '-' : `${Math.round(ms)} ms`).padStart(12);
  // The peer times its decoding apart; ours is part of segmenting.
  const peerMs: Milliseconds | undefined = peer && {
    ...peer.ms,
    segmenting: (peer.ms['segmenting'] ?? 0) + (peer.ms['loading'] ?? 0),
  };
  console.log(
    `${''.padEnd(24)}${'in the mesh'.padStart(12)}${'pixels alone'.padStart(14)}${'Python/OpenCV'.padStart(15)}`,
  );
  for (const [name, ms] of Object.entries(mesh.steps)) {
    console.log(`${name.padEnd(24)}${cell(ms)}  ${cell(pixels.ms[name])}   ${cell(peerMs?.[name])}`);
  }
  console.log(
    `${'submit to result'.padEnd(24)}${cell(mesh.totalMs)}  ${cell(sum(pixels.ms))}   ${cell(peer && sum(peer.ms))}`,
  );
  console.log(`\nthe mesh adds ${Math.round(mesh.totalMs - sum(pixels.ms))} ms to the pixel work`);
  const peaks = Object.entries(mesh.slotPeakMib).map(([name, mib]) => `${name} ${Math.round(mib)} MiB`);
  console.log(`peak of a slot: ${peaks.join(', ')}${peer ? ` (Python: ${peer.peakMiB} MiB)` : ''}`);
  console.log(`idle mesh: ${Math.round(mesh.idleMib)} MiB`);
}
