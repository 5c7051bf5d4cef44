import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** A user and group by number. */
export interface UnixUser {
  readonly uid: number;
  readonly gid: number;
}

// postgres where a package made it; nobody exists everywhere.
const CANDIDATES = ['postgres', 'nobody'];

/** Whom to run as what refuses to run as root. Undefined when we are not root. Throws when there is no such user. */
export async function unprivilegedUser(): Promise<UnixUser | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  for (const name of CANDIDATES) {
    const [uid, gid] = await Promise.all([idOf('-u', name), idOf('-g', name)]);
    if (uid !== undefined && gid !== undefined) return { uid, gid };
  }
  throw new Error(
    `PostgreSQL does not run as root, and there is no other user to run it as (${CANDIDATES.join(', ')})`,
  );
}

async function idOf(flag: '-u' | '-g', name: string): Promise<number | undefined> {
  try {
    const { stdout } = await run('id', [flag, name]);
    return Number(stdout) >>> 0; // macOS prints -2 for nobody
  } catch {
    return undefined; // id fails when there is no such user
  }
}

/** Whether the user can enter a folder or execute a file: each folder above it must let them through. */
export async function canReach(user: UnixUser, path: string): Promise<boolean> {
  try {
    await run('/bin/sh', ['-c', 'test -x "$0"', path], { ...user, cwd: '/' });
    return true;
  } catch {
    return false; // test exits with 1
  }
}
