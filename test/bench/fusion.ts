/**
 * Mixed-gradient Poisson blending: our multigrid solver beside OpenCV's seamlessClone, on the same two pictures and the
 * same disc, in one run. Each engine runs in a process of its own, so that its peak of memory is its own.
 *
 *   node test/bench/fusion.ts [--sizes 512,2048] [--runs 3] [--json]
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { findSystemOpencv, opencvDir } from '../../services/fusion/src/build-opencv.ts';
import { isOpencvBuilt, loadOpencv } from '../../services/fusion/src/opencv-engine.ts';
import { cloneMixed } from '../../services/fusion/src/poisson/clone-mixed.ts';
import { compare, discMask, textureOf } from '../conformance/two-textures.ts';

const RADIUS = 0.44;
const MIB = 1024 * 1024;

interface Measured {
  /** Of the fastest run. */
  readonly seconds: number;
  /** Largest resident size of the process. */
  readonly peakMib: number;
  /** The same, less what it was with the inputs in memory. */
  readonly addedMib: number;
}

/** In the child: runs one engine, writes its picture to `file`. */
async function measure(engine: string, size: number, runs: number, file: string): Promise<Measured> {
  const clone = engine === 'opencv' ? loadOpencv(cacheDir()) : cloneMixed;
  const [base, source, mask] = [textureOf(1, size), textureOf(2, size), discMask(size, RADIUS)];
  const before = process.memoryUsage.rss();
  let seconds = Number.POSITIVE_INFINITY;
  for (let run = 0; run < runs; run++) {
    const start = performance.now();
    const picture = await clone(base, source, mask);
    seconds = Math.min(seconds, (performance.now() - start) / 1000);
    writeFileSync(file, picture.data);
  }
  const peak = process.resourceUsage().maxRSS * 1024;
  return { seconds, peakMib: peak / MIB, addedMib: (peak - before) / MIB };
}

function cacheDir(): string {
  return opencvDir(findSystemOpencv().version, process.env['XDG_CACHE_HOME']);
}

function inChild(engine: string, size: number, runs: number, file: string): Measured {
  const args = [import.meta.filename, '--engine', engine, '--sizes', `${size}`, '--runs', `${runs}`, '--out', file];
  return JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8' })) as Measured;
}

/** Both engines at one size, as a row of the table. */
function row(size: number, runs: number, folder: string) {
  const pictureOf = (file: string) => ({ width: size, height: size, data: readFileSync(file) });
  const [ourFile, theirFile] = [join(folder, 'ours'), join(folder, 'theirs')];
  const ours = inChild('multigrid', size, runs, ourFile);
  const theirs = inChild('opencv', size, Math.min(runs, 2), theirFile);
  const { psnrDb, largest } = compare(pictureOf(ourFile), pictureOf(theirFile), RADIUS);
  return {
    size,
    'multigrid s': round(ours.seconds, 3),
    'OpenCV s': round(theirs.seconds, 3),
    'times faster': round(theirs.seconds / ours.seconds, 1),
    'multigrid MiB': round(ours.addedMib, 0),
    'OpenCV MiB': round(theirs.addedMib, 0),
    'share of memory': round(ours.addedMib / theirs.addedMib, 2),
    'multigrid process MiB': round(ours.peakMib, 0),
    'OpenCV process MiB': round(theirs.peakMib, 0),
    'PSNR dB': round(psnrDb, 1),
    'largest difference': largest,
  };
}

function round(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}

const { values } = parseArgs({
  options: {
    sizes: { type: 'string', default: '512,2048' },
    runs: { type: 'string', default: '3' },
    json: { type: 'boolean' },
    engine: { type: 'string' },
    out: { type: 'string' },
  },
});
if (values.engine) {
  console.log(JSON.stringify(await measure(values.engine, Number(values.sizes), Number(values.runs), values.out!)));
} else if (!isOpencvBuilt(cacheDir())) {
  console.error('OpenCV is not built: run ./irisvue setup --opencv');
  process.exitCode = 1;
} else {
  const folder = mkdtempSync(join(tmpdir(), 'irisvue-bench-'));
  try {
    const rows = values.sizes.split(',').map((size) => row(Number(size), Number(values.runs), folder));
    if (values.json) console.log(JSON.stringify(rows, undefined, 2));
    else console.table(rows);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
