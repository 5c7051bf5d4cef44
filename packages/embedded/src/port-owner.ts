import { execFile } from 'node:child_process';
import { readdir, readFile, readlink } from 'node:fs/promises';
import { basename } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const LISTENING = '0A'; // TCP_LISTEN in the column "st" of /proc/net/tcp
const UNKNOWN = 'another process';

/** Who listens on a TCP port of this machine, for a person to read: `redis-server (pid 123)`. */
export async function portOwner(port: number): Promise<string> {
  try {
    return (process.platform === 'linux' ? await ownerOnLinux(port) : await ownerByLsof(port)) ?? UNKNOWN;
  } catch {
    return UNKNOWN; // it is another user's, or lsof is not there
  }
}

/** 1) the listening socket's inode from /proc/net/tcp and tcp6, 2) the process that holds it open. */
async function ownerOnLinux(port: number): Promise<string | undefined> {
  const tables = await Promise.all(['tcp', 'tcp6'].map((t) => readFile(`/proc/net/${t}`, 'utf8').catch(() => '')));
  const wanted = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  const rows = tables.flatMap((table) => table.split('\n').map((row) => row.trim().split(/\s+/)));
  const row = rows.find(([, local, , state]) => local?.endsWith(wanted) && state === LISTENING);
  if (!row) return undefined;
  const socket = `socket:[${row[9]}]`;
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
    const open = await readdir(`/proc/${pid}/fd`).catch(() => []);
    const links = await Promise.all(open.map((fd) => readlink(`/proc/${pid}/fd/${fd}`).catch(() => '')));
    if (!links.includes(socket)) continue;
    const [program] = (await readFile(`/proc/${pid}/cmdline`, 'utf8')).split(/[\0 ]/); // servers rewrite it with spaces
    return `${basename(program!)} (pid ${pid})`;
  }
  return undefined;
}

async function ownerByLsof(port: number): Promise<string | undefined> {
  const { stdout } = await run('lsof', ['-nP', `-iTCP:${port}`, '-sTCP:LISTEN', '-Fpc']);
  const pid = /^p(\d+)$/m.exec(stdout)?.[1];
  return pid && `${/^c(.+)$/m.exec(stdout)?.[1] ?? 'a process'} (pid ${pid})`;
}
