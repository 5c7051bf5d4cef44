import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, mkdtemp, readdir, rename, rm, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { listModels, openModelFolder, shelvesOf } from '@irisvue/vision';
import { type ModelRegistry, type RegistryEntry, sizeOf } from './model-registry.ts';
import { pullFile } from './pull-file.ts';

/** How far a pull is, in bytes. */
export type PullProgress = (received: number, total: number) => void;

/** Ends the name of a folder that is being filled; before it stands the process that fills it. */
const unfinished = '.pull';

/**
 * Fetches a model onto the first shelf of `modelsDir`: into a folder beside its place, which takes the place when every
 * file is as the registry says and every network loads. Whatever goes wrong, nothing partial stays: what a killed pull
 * left is removed by the next one. @returns its folder, and whether it was fetched or there already.
 */
export async function pullModel(
  entry: RegistryEntry,
  registry: ModelRegistry,
  o: {
    readonly modelsDir: string;
    readonly allowHttp: boolean;
    readonly onProgress: PullProgress;
    readonly signal?: AbortSignal;
  },
): Promise<{ readonly folder: string; readonly fetched: boolean }> {
  const { name, version } = entry;
  const there = (await listModels(o.modelsDir)).find((model) => model.name === name && model.version === version);
  if (there) {
    await requireSame(entry, there.folder);
    return { folder: there.folder, fetched: false };
  }
  const [shelf] = shelvesOf(o.modelsDir);
  if (shelf === undefined) throw new Error('there is no folder for models');
  const parent = join(shelf, name);
  const folder = join(parent, version);
  await mkdir(parent, { recursive: true });
  await removeLeftovers(parent);
  const fresh = await mkdtemp(join(parent, `.${version}.${process.pid}${unfinished}-`));
  try {
    let received = 0;
    o.onProgress(0, sizeOf(entry));
    for (const file of entry.files) {
      await pullFile(file, fresh, {
        base: registry.url,
        rules: { allowHttp: o.allowHttp, allowFiles: registry.url.protocol === 'file:' },
        signal: o.signal,
        onBytes: (bytes) => o.onProgress((received += bytes), sizeOf(entry)),
      });
    }
    await requireUsable(entry, fresh);
    o.signal?.throwIfAborted();
    await rename(fresh, folder);
  } catch (error) {
    await rm(fresh, { recursive: true, force: true });
    await rmdir(parent).catch(() => undefined); // other versions may lie there
    throw error;
  }
  return { folder, fetched: true };
}

/** The card says what the registry says, and every network loads. */
async function requireUsable(entry: RegistryEntry, folder: string): Promise<void> {
  await using model = await openModelFolder({ ...entry, folder }, { device: 'cpu', threads: 1 });
  const { licence } = model.card;
  if (licence === entry.licence) return;
  throw new Error(`${entry.name} ${entry.version} is under ${licence}, the registry says ${entry.licence}`);
}

async function requireSame(entry: RegistryEntry, folder: string): Promise<void> {
  for (const { name, sha256 } of entry.files) {
    const hash = createHash('sha256');
    const found = await pipeline(createReadStream(join(folder, name)), hash).then(
      () => hash.digest('hex'),
      () => undefined,
    );
    if (found === sha256) continue;
    const what = `${entry.name} ${entry.version} is in ${folder} already`;
    throw new Error(`${what}, but its ${name} is not the registry's; remove the folder to pull it again`);
  }
}

/** Removes what pulls that were killed have left. */
async function removeLeftovers(parent: string): Promise<void> {
  for (const name of await readdir(parent)) {
    const pid = /^\..+\.(\d+)\.pull-\w+$/.exec(name)?.[1];
    if (pid !== undefined && !isAlive(Number(pid))) await rm(join(parent, name), { recursive: true, force: true });
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
