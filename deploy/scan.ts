/**
 * What is in the images of the services, and what is known to be wrong with it.
 *
 *   node deploy/scan.ts            images irisvue/*, after docker compose build
 *
 * Debian's packages are held against the newest that Debian has, security updates included, as the base image's own apt
 * tells it; npm's against the advisories of the registry (pnpm audit). Exit code 1 when something is behind or has an
 * advisory. What could not be asked is said, and is no reason to be at ease.
 */
import { execFile } from 'node:child_process';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import { SERVICES } from '../packages/embedded/src/services.ts';
import { imagePackages } from './image-packages.ts';

const run = promisify(execFile);
const root = resolve(import.meta.dirname, '..');
const BASE_IMAGE = process.env['IRISVUE_NODE_IMAGE'] || 'node:24.21.0-bookworm-slim';
const NPM = 'npm: not scanned';
const DEBIAN = 'Debian: not scanned';

/** One thing to look at, in a sentence. */
type Finding = string;

/** Findings in Debian's packages: those that a newer version is there for. Undefined, and why, when apt does not answer. */
async function debianFindings(packages: ReadonlyMap<string, string>): Promise<Finding[] | undefined> {
  const ask = 'apt-get update >/dev/null && for p in "$@"; do apt-cache policy "$p"; done';
  const args = ['run', '--rm', BASE_IMAGE, 'sh', '-c', ask, 'scan', ...packages.keys()];
  const answer = await run('docker', args).catch((error: Error) => void console.log(`${DEBIAN}: ${error.message}`));
  if (answer === undefined) return undefined;
  return behind(packages, answer.stdout).map(([name, has, newest]) => `Debian: ${name} ${has}, newest is ${newest}`);
}

/** [name, version in the image, newest] of each package that `policy`, the output of apt-cache, knows a newer one of. */
export function behind(packages: ReadonlyMap<string, string>, policy: string): (readonly [string, string, string])[] {
  const candidates = policy.matchAll(/^(\S+):\n(?: {2}Installed: .*\n) {2}Candidate: (.*)$/gm);
  return [...candidates]
    .map(([, name, newest]) => [name!, packages.get(name!) ?? '', newest!] as const)
    .filter(([, has, newest]) => has !== newest);
}

/** What pnpm audit answers with --json. */
interface Audit {
  readonly advisories?: Readonly<Record<string, { module_name: string; severity: string; title: string }>>;
  readonly error?: { readonly message: string };
}

async function npmFindings(): Promise<Finding[] | undefined> {
  const audit = run('pnpm', ['audit', '--prod', '--json'], { cwd: root });
  // It ends with 1 when it found something, too.
  const text = await audit.then(
    ({ stdout }) => stdout,
    (error: { stdout?: string; message: string }) => error.stdout || error.message,
  );
  const answer = auditOf(text);
  if (answer.advisories === undefined) {
    console.log(`${NPM}: ${answer.error?.message ?? text.trim()}`);
    return undefined;
  }
  return Object.values(answer.advisories).map((a) => `npm: ${a.module_name}, ${a.severity}: ${a.title}`);
}

function auditOf(text: string): Audit {
  try {
    return JSON.parse(text) as Audit;
  } catch {
    return {};
  }
}

if (process.argv[1] === import.meta.filename) {
  const debian = new Map<string, string>();
  for (const service of SERVICES) {
    const found = await imagePackages(`irisvue/${service}`);
    for (const [name, version] of found.debian) debian.set(name, version);
    console.log(`irisvue/${service}: Node.js ${found.node}, ${found.debian.size} of Debian, ${found.npm.size} of npm`);
  }
  for (const [name, version] of debian) console.log(`  ${name} ${version}`);
  const asked = [await debianFindings(debian), await npmFindings()];
  const findings = asked.flatMap((one) => one ?? []);
  for (const finding of findings) console.log(finding);
  const parts = asked.filter((one) => one !== undefined).length;
  console.log(`${findings.length} findings; ${parts} of ${asked.length} registries answered`);
  process.exitCode = findings.length > 0 ? 1 : 0;
}
