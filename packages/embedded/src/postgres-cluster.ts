import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, chown, mkdir, mkdtemp, readFile, readlink, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { canReach, type UnixUser } from './unprivileged-user.ts';

// Where root keeps data when the home lies in a folder that only root may enter, such as /root.
const REACHABLE_DATA = '/var/lib/irisvue';

export interface Cluster {
  readonly initdb: string;
  /** Folder of the data, absolute. */
  readonly dir: string;
  readonly user: UnixUser | undefined;
  readonly superuser: string;
  readonly password: string;
  /** Whether to wait until the new files are on the disk. */
  readonly sync: boolean;
  /** File descriptor that takes the output of initdb. */
  readonly log: number;
}

/**
 * The folder that the data really lies in: `dir`, unless the user that PostgreSQL runs as cannot reach it. Then it is a
 * folder elsewhere, and `dir` is a link to it. The parent of `dir` must exist.
 */
export async function clusterFolder(dir: string, user: UnixUser | undefined): Promise<string> {
  const linked = await readlink(dir).catch(() => undefined);
  if (linked !== undefined) return linked;
  if (!user || (await canReach(user, dirname(dir)))) return dir;
  await mkdir(REACHABLE_DATA, { recursive: true, mode: 0o711 });
  const elsewhere = await mkdtemp(join(REACHABLE_DATA, `${basename(dir)}-`));
  await chmod(elsewhere, 0o711);
  await symlink(join(elsewhere, 'data'), dir);
  return join(elsewhere, 'data');
}

/**
 * Makes the data folder with initdb when there is none: UTF-8, the same order of text on every system, a password for
 * everybody. Done beside it and put in place in one step, so that a start that is cut off leaves nothing half made.
 */
export async function initCluster(cluster: Cluster): Promise<void> {
  const { dir, user } = cluster;
  if (await readFile(join(dir, 'PG_VERSION')).catch(() => undefined)) return;
  const unfinished = `${dir}.new`;
  await rm(unfinished, { recursive: true, force: true });
  await mkdir(unfinished, { mode: 0o700 });
  const passwordFile = join(unfinished, 'password');
  const data = join(unfinished, 'data');
  await writeFile(passwordFile, `${cluster.password}\n`, { mode: 0o600 });
  if (user) for (const path of [unfinished, passwordFile]) await chown(path, user.uid, user.gid);
  await runInitdb(cluster, data, passwordFile);
  await rename(data, dir);
  await rm(unfinished, { recursive: true });
}

async function runInitdb(cluster: Cluster, data: string, passwordFile: string): Promise<void> {
  const args = [
    ...['-D', data, '--username', cluster.superuser, '--pwfile', passwordFile, '--auth=scram-sha-256'],
    ...['--encoding=UTF8', '--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8', '--no-instructions'],
    ...(cluster.sync ? [] : ['--no-sync']),
  ];
  const child = spawn(cluster.initdb, args, {
    cwd: dirname(data),
    stdio: ['ignore', cluster.log, cluster.log],
    ...cluster.user,
  });
  const [code, signal] = await once(child, 'exit');
  if (code !== 0) throw new Error(`initdb ended with ${code ?? signal}`);
}
