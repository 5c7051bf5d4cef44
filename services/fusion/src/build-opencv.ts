/**
 * Builds the OpenCV engine: the addon @u4/opencv4nodejs against the OpenCV of the operating system (Debian and Ubuntu:
 * libopencv-dev). It takes some minutes, once: the folder is named after everything that the binary depends on, so a
 * second run, and every other clone, finds it there.
 *
 *   node services/fusion/src/build-opencv.ts [--jobs N]   builds; the last line is the folder, the value of IRISVUE_OPENCV
 *   node services/fusion/src/build-opencv.ts --print-dir  prints the folder and builds nothing
 */
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { loadOpencv } from './opencv-engine.ts';

const ADDON = '@u4/opencv4nodejs';
const ADDON_VERSION = '7.1.2';
const VERSION_HEADER = 'opencv2/core/version.hpp';
const BINARY = join('node_modules', ADDON, 'build', 'Release', 'opencv4nodejs.node');

/** Where an OpenCV of the operating system keeps its headers and libraries. */
interface SystemOpencv {
  readonly version: string;
  readonly includeDir: string;
  readonly libraryDir: string;
}

/** Finds Debian's layout. @throws with the command that installs it when there is none. */
export function findSystemOpencv(root = '/usr'): SystemOpencv {
  const includeDir = join(root, 'include', 'opencv4');
  const header = join(includeDir, VERSION_HEADER);
  if (!existsSync(header))
    throw new Error(
      `OpenCV is not installed (no ${header}). Run: apt-get install --no-install-recommends libopencv-dev`,
    );
  const text = readFileSync(header, 'utf8');
  const part = (name: string) => text.match(new RegExp(`#define CV_VERSION_${name}\\s+(\\d+)`))?.[1] ?? '0';
  const version = `${part('MAJOR')}.${part('MINOR')}.${part('REVISION')}`;
  const triplet = { x64: 'x86_64-linux-gnu', arm64: 'aarch64-linux-gnu' }[process.arch as 'x64' | 'arm64'];
  return { version, includeDir, libraryDir: join(root, 'lib', triplet ?? '') };
}

/** The cache folder of a build for this Node.js, whether it is built or not. `cacheHome` is $XDG_CACHE_HOME. */
export function opencvDir(opencvVersion: string, cacheHome: string | undefined): string {
  const name = `opencv-${ADDON_VERSION}-${opencvVersion}-node${process.versions.modules}`;
  return join(cacheHome || join(homedir(), '.cache'), 'irisvue', name);
}

/** The folder that holds include/node of the Node.js that runs: beside it, or in the npm package that brought it. */
function nodeHeadersDir(): string {
  const prefix = dirname(dirname(process.execPath));
  const candidates = [prefix, join(prefix, 'node_modules', `node-${process.platform}-${process.arch}`)];
  const found = candidates.find((dir) => existsSync(join(dir, 'include', 'node', 'node.h')));
  if (!found) throw new Error(`No include/node/node.h in ${candidates.join(' or ')}`);
  return found;
}

/** Runs a program, its lines on stderr as progress. @throws when it exits non-zero. */
async function runProgram(program: string, args: readonly string[], cwd: string, env: NodeJS.ProcessEnv) {
  const child = spawn(program, args, { cwd, env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  let objects = 0;
  let tail = '';
  const onText = (chunk: Buffer) => {
    const text = chunk.toString();
    tail = (tail + text).slice(-4000);
    objects += text.match(/^\s*CXX\(target\)/gm)?.length ?? 0;
    for (const line of text.split('\n').filter((l) => /CXX\(target\)|SOLINK/.test(l)))
      process.stderr.write(`  ${objects} ${line.trim()}\n`);
  };
  child.stdout.on('data', onText);
  child.stderr.on('data', onText);
  const code = await new Promise((resolve, reject) => child.on('error', reject).on('close', resolve));
  if (code !== 0) throw new Error(`${program} ${args.join(' ')} ended with ${code}:\n${tail}`);
}

/** Builds the addon into `dir`, or does nothing when it is there. @throws when a tool is missing or a step fails. */
async function buildOpencv(opencv: SystemOpencv, dir: string, jobs: string): Promise<void> {
  if (existsSync(join(dir, 'built'))) return;
  const started = Date.now();
  await mkdir(dir, { recursive: true });
  await writeFile(join(dir, 'package.json'), JSON.stringify({ name: 'irisvue-opencv', private: true }));
  console.error(`Fetching ${ADDON} ${ADDON_VERSION} …`);
  await runProgram('npm', ['install', '--ignore-scripts', '--no-audit', `${ADDON}@${ADDON_VERSION}`], dir, {});
  console.error(`Building it against OpenCV ${opencv.version} (about 210 files, some minutes) …`);
  const nodeGyp = createRequire(import.meta.url).resolve('node-gyp/bin/node-gyp.js');
  const args = [nodeGyp, 'rebuild', `--nodedir=${nodeHeadersDir()}`, '--jobs', jobs];
  await runProgram(process.execPath, args, join(dir, 'node_modules', ADDON), {
    OPENCV4NODEJS_DISABLE_AUTOBUILD: '1',
    OPENCV_INCLUDE_DIR: opencv.includeDir,
    OPENCV_LIB_DIR: opencv.libraryDir,
    OPENCV_BIN_DIR: '/usr/bin',
  });
  loadOpencv(dir);
  await writeFile(join(dir, 'built'), `${new Date().toISOString()}\n`);
  console.error(`Built in ${Math.round((Date.now() - started) / 1000)} s: ${join(dir, BINARY)}`);
}

if (import.meta.main) {
  const { values } = parseArgs({ options: { jobs: { type: 'string' }, 'print-dir': { type: 'boolean' } } });
  try {
    const opencv = findSystemOpencv();
    const dir = opencvDir(opencv.version, process.env['XDG_CACHE_HOME']);
    if (!values['print-dir']) await buildOpencv(opencv, dir, values.jobs ?? 'max');
    console.log(dir);
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  }
}
