import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);
const MAX_OUTPUT_BYTES = 64 * 1024 * 1024;

/** What an image is made of, each by name and version. */
export interface ImagePackages {
  readonly node: string;
  /** Packages of Debian that a library is from. */
  readonly debian: ReadonlyMap<string, string>;
  /** Packages of npm, as name@version. */
  readonly npm: ReadonlySet<string>;
}

// Run by the image's own Node.js: there is no other program in it.
const LIST = `
  const { lstatSync, readdirSync, readFileSync } = require('node:fs');
  const inFolder = (folder) => { try { return readdirSync(folder); } catch { return []; } };
  const status = '/var/lib/dpkg/status.d/';
  const store = '/app/node_modules/.pnpm/';
  const manifests = inFolder(store)
    .flatMap((one) => inFolder(store + one + '/node_modules').map((name) => store + one + '/node_modules/' + name))
    .flatMap((path) => (/\\/@[^/]+$/.test(path) ? inFolder(path).map((name) => path + '/' + name) : [path]))
    .filter((path) => lstatSync(path).isDirectory())
    .flatMap((path) => { try { return [JSON.parse(readFileSync(path + '/package.json', 'utf8'))]; } catch { return []; } });
  console.log(JSON.stringify({
    node: process.version,
    debian: inFolder(status).map((name) => readFileSync(status + name, 'utf8')),
    npm: manifests.map(({ name, version }) => name + '@' + version),
  }));`;

/** Lists the packages of an image of a service. Throws when docker does. */
export async function imagePackages(image: string): Promise<ImagePackages> {
  const args = ['run', '--rm', '--network=none', '--read-only', image, 'node', '-e', LIST];
  const { stdout } = await run('docker', args, { maxBuffer: MAX_OUTPUT_BYTES });
  const found = JSON.parse(stdout) as { node: string; debian: string[]; npm: string[] };
  return { node: found.node, debian: new Map(found.debian.map(debianPackage)), npm: new Set(found.npm) };
}

/** Name and version of a package, of what dpkg says about it. */
export function debianPackage(status: string): readonly [string, string] {
  const field = (name: string) => new RegExp(`^${name}: (.+)$`, 'm').exec(status)?.[1] ?? '';
  return [field('Package'), field('Version')];
}
