import { execFile } from 'node:child_process';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Something that is true of the source as a whole, told by a command that ends with 0. */
export interface Check {
  readonly title: string;
  /** Undefined: it cannot be told here. */
  readonly command: () => Promise<readonly string[] | undefined>;
  readonly whySkipped?: string;
}

const always = (title: string, ...command: string[]): Check => ({ title, command: async () => command });

export const checks: readonly Check[] = [
  always('format and lint', 'biome', 'check', '.'),
  always('types', 'tsc'),
  always('contracts: style', 'buf', 'lint'),
  {
    title: 'contracts: nothing breaks',
    async command() {
      const before = await contractsBefore();
      return before === undefined ? undefined : ['buf', 'breaking', '--against', before];
    },
    whySkipped: 'no earlier commit with contracts is here to compare with',
  },
  always('contracts: generated code', process.execPath, 'proto/check-drift.ts'),
];

/** A folder with the contracts as they were before this branch, or before the last commit on main. */
async function contractsBefore(): Promise<string | undefined> {
  const commit = await commitBefore();
  if (commit === undefined) return undefined;
  const folder = await mkdtemp(join(tmpdir(), 'irisvue-contracts-'));
  const archive = join(folder, 'contracts.tar');
  const given = await git('archive', '--output', archive, commit, 'buf.yaml', 'proto', 'vendor');
  if (given === undefined) return undefined; // there were none yet
  await run('tar', ['-xf', archive, '-C', folder]);
  return folder;
}

/** A clone without history has none. */
async function commitBefore(): Promise<string | undefined> {
  const head = await git('rev-parse', 'HEAD');
  for (const main of ['origin/main', 'main']) {
    const base = await git('merge-base', 'HEAD', main);
    if (base !== undefined && base !== head) return base;
  }
  return await git('rev-parse', '--verify', '--quiet', 'HEAD^');
}

async function git(...args: string[]): Promise<string | undefined> {
  try {
    return (await run('git', args)).stdout.trim();
  } catch {
    return undefined; // no such commit, or no repository
  }
}
