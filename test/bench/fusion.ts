/**
 * Mixed-gradient Poisson blending: our multigrid solver beside OpenCV's seamlessClone, on the same two rendered eyes
 * and the same disc, in one run. Each engine runs in a process of its own, so that its peak of memory is its own.
 *
 *   node test/bench/fusion.ts [--sizes 512,2048] [--runs 5] [--json]
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { renderEye } from '@irisvue/testing';
import type { Image } from '@irisvue/vision';
import { findSystemOpencv, opencvDir } from '../../services/fusion/src/build-opencv.ts';
import { isOpencvBuilt, loadOpencv } from '../../services/fusion/src/opencv-engine.ts';
import { cloneMixed } from '../../services/fusion/src/poisson/clone-mixed.ts';
import { compare, discMask } from '../conformance/two-textures.ts';

const RADIUS = 0.44;
const MIB = 1024 * 1024;

type Engine = 'multigrid' | 'opencv';

interface Measured {
  /** Of the fastest run. */
  readonly seconds: number;
  /** Largest resident size of the process. */
  readonly peakMib: number;
  /** The same, less what it was with the inputs in memory. */
  readonly addedMib: number;
}

/** In the child: runs one engine on the pictures in `folder`, leaves its own there. */
async function measure(engine: Engine, size: number, runs: number, folder: string): Promise<Measured> {
  const clone = engine === 'opencv' ? loadOpencv(cacheDir()) : cloneMixed;
  const [base, source, mask] = [
    pictureIn(folder, 'base', size),
    pictureIn(folder, 'source', size),
    discMask(size, RADIUS),
  ];
  const before = process.memoryUsage.rss();
  let seconds = Number.POSITIVE_INFINITY;
  for (let run = 0; run < runs; run++) {
    const start = performance.now();
    const picture = await clone(base, source, mask);
    seconds = Math.min(seconds, (performance.now() - start) / 1000);
    if (run === 0) writeFileSync(join(folder, engine), picture.data);
  }
  const peak = process.resourceUsage().maxRSS * 1024;
  return { seconds, peakMib: peak / MIB, addedMib: (peak - before) / MIB };
}

function pictureIn(folder: string, name: string, size: number): Image {
  return { width: size, height: size, data: readFileSync(join(folder, name)) };
}

function cacheDir(): string {
  return opencvDir(findSystemOpencv().version, process.env['XDG_CACHE_HOME']);
}

function inChild(engine: Engine, size: number, runs: number, folder: string): Measured {
  const args = [
    import.meta.filename,
    '--engine',
    engine,
    '--sizes',
    `${size}`,
    '--runs',
    `${runs}`,
    '--folder',
    folder,
  ];
  return JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8' })) as Measured;
}

/** Both engines at one size, as a row of the table. */
function row(size: number, runs: number, folder: string) {
  for (const [seed, name] of ['base', 'source'].entries()) {
    const { image } = renderEye({ seed: seed + 1, width: size, height: size, irisRadius: 0.45 * size });
    writeFileSync(join(folder, name), image.data);
  }
  const ours = inChild('multigrid', size, runs, folder);
  const theirs = inChild('opencv', size, Math.min(runs, 2), folder);
  const pictures = [pictureIn(folder, 'multigrid', size), pictureIn(folder, 'opencv', size)] as const;
  const { psnrDb, largest } = compare(...pictures, RADIUS);
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
    runs: { type: 'string', default: '5' },
    json: { type: 'boolean' },
    engine: { type: 'string' },
    folder: { type: 'string' },
  },
});
if (values.engine) {
  console.log(
    JSON.stringify(await measure(values.engine as Engine, Number(values.sizes), Number(values.runs), values.folder!)),
  );
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
