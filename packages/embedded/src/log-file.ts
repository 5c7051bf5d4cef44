import { openSync } from 'node:fs';
import { copyFile, open, stat, truncate } from 'node:fs/promises';
import { join } from 'node:path';

// A log and the piece before it stay below twice this, per process.
const LIMIT_BYTES = 16 * 1024 * 1024;

/** The log of one process of the mesh, such as `gateway`, `postgres` or `supervisor`. */
export function logPath(home: string, service: string): string {
  return join(home, 'logs', `${service}.log`);
}

/** Opens a log for a process to write to. Appending keeps it whole when it is cut while the process writes. */
export function openLog(path: string): number {
  return openSync(path, 'a', 0o600);
}

/** Moves a log's text to `PATH.1` when it has grown too long. The process goes on writing to the same, now empty file. */
export async function boundLog(path: string, limitBytes = LIMIT_BYTES): Promise<void> {
  const size = await stat(path).then(
    (s) => s.size,
    () => 0, // there is none yet
  );
  if (size <= limitBytes) return;
  await copyFile(path, `${path}.1`);
  await truncate(path, 0);
}

/** The last lines of a log, for a message that says why a process did not start. */
export async function logTail(path: string, lines = 12): Promise<string> {
  const readBytes = 16 * 1024;
  try {
    await using file = await open(path, 'r');
    const { size } = await file.stat();
    const buffer = Buffer.alloc(Math.min(size, readBytes));
    await file.read(buffer, 0, buffer.length, size - buffer.length);
    return buffer.toString('utf8').trimEnd().split('\n').slice(-lines).join('\n');
  } catch {
    return ''; // it wrote nothing
  }
}
