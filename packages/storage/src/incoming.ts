import { randomUUID } from 'node:crypto';
import { readdir, stat, unlink } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';

// Longer than any upload lives: an older file belongs to a process that was killed.
const ABANDONED_AFTER_MS = 24 * 3600 * 1000;
// Tells this process from one that had its number before.
const RUN = randomUUID().slice(0, 8);
const NAME = /^(.+)\.(\d+)\.([0-9a-f]{8})\.[0-9a-f-]{36}$/;

/** A name for a file that is being written: it says who writes it. */
export function incomingName(): string {
  return `${hostname()}.${process.pid}.${RUN}.${randomUUID()}`;
}

/**
 * Removes what was left by processes that were killed while they wrote: at once where the process is seen to be gone,
 * after a day where it is not, as on another machine.
 */
export async function removeAbandoned(folder: string, now: Date): Promise<void> {
  for (const name of await readdir(folder)) {
    const path = join(folder, name);
    const facts = await stat(path).catch(ignoreMissing);
    if (facts === undefined) continue;
    const isOld = now.getTime() - facts.mtimeMs > ABANDONED_AFTER_MS;
    if (isOld || isWriterGone(name)) await unlink(path).catch(ignoreMissing);
  }
}

function isWriterGone(name: string): boolean {
  const [, host, pid, run] = NAME.exec(name) ?? [];
  if (host !== hostname() || pid === undefined) return false;
  return Number(pid) === process.pid ? run !== RUN : !isAlive(Number(pid));
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function ignoreMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error;
}
