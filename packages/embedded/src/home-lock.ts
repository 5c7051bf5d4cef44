import { link, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { identify, isRunning, type ProcessIdentity } from './process-identity.ts';

/** Another supervisor holds this home. */
export class HomeInUse extends Error {
  readonly pid: number;

  constructor(home: string, pid: number) {
    super(`a mesh runs in ${home} already (supervisor pid ${pid}); ./irisvue status shows it, ./irisvue down stops it`);
    this.name = 'HomeInUse';
    this.pid = pid;
  }
}

/**
 * Makes this process the only supervisor of a home until it ends, however it ends: the lock names its holder, and the
 * lock of a dead holder is taken over. Throws HomeInUse. Dispose to give it back.
 */
export async function lockHome(home: string): Promise<AsyncDisposable> {
  const path = join(home, 'supervisor.lock');
  const mine = `${path}.${process.pid}`;
  await writeFile(mine, JSON.stringify(await identify(process.pid)), { mode: 0o600 });
  try {
    while (!(await tryLink(mine, path))) {
      const holder = await readHolder(path);
      if (holder && (await isRunning(holder))) throw new HomeInUse(home, holder.pid);
      // Of two who find a dead holder, one moves the lock away; the other tries again and finds the winner.
      await rename(path, `${mine}.dead`).catch(() => {});
      await rm(`${mine}.dead`, { force: true });
    }
  } finally {
    await rm(mine);
  }
  return { [Symbol.asyncDispose]: () => rm(path) };
}

async function tryLink(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

async function readHolder(path: string): Promise<ProcessIdentity | undefined> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as ProcessIdentity;
  } catch {
    return undefined; // given back in this moment, or cut off by a crash of the machine
  }
}
