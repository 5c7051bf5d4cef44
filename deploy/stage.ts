/**
 * Collects what the image of one service is made of, in two parts, so that the installed packages are built anew only
 * when a manifest changes.
 *
 *   node deploy/stage.ts manifests jobs FOLDER    what pnpm needs to install
 *   node deploy/stage.ts sources jobs FOLDER      the service, the packages of ours that it uses, its models
 */
import { cp, glob, mkdir, readFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '..');
const SCOPE = '@irisvue/';
const LEFT_OUT = new Set(['node_modules', 'test', 'bench']);
/** Services that have networks of their own. */
export const WITH_MODELS: ReadonlySet<string> = new Set(['segmentation', 'enhancement']);

interface Manifest {
  readonly name: string;
  readonly dependencies?: Readonly<Record<string, string>>;
}

/** Folders of the workspace, from the root, by the names of their packages. */
async function workspace(): Promise<ReadonlyMap<string, { folder: string; manifest: Manifest }>> {
  const found = new Map<string, { folder: string; manifest: Manifest }>();
  for await (const path of glob(['packages/*/package.json', 'services/*/package.json', 'test/package.json'], {
    cwd: root,
  })) {
    const manifest = JSON.parse(await readFile(join(root, path), 'utf8')) as Manifest;
    found.set(manifest.name, { folder: dirname(path), manifest });
  }
  return found;
}

/** The folders of a service and of all packages of ours that it uses, directly or not. Throws for an unknown name. */
export async function foldersOf(service: string): Promise<string[]> {
  const all = await workspace();
  const wanted = new Set([SCOPE + service]);
  for (const name of wanted) {
    const one = all.get(name);
    if (one === undefined) throw new Error(`there is no ${name} in the workspace`);
    for (const used of Object.keys(one.manifest.dependencies ?? {})) if (used.startsWith(SCOPE)) wanted.add(used);
  }
  return [...wanted].map((name) => all.get(name)!.folder);
}

async function stageManifests(to: string): Promise<void> {
  const paths = [...(await workspace()).values()].map(({ folder }) => join(folder, 'package.json'));
  for (const path of ['package.json', 'pnpm-lock.yaml', 'pnpm-workspace.yaml', ...paths]) {
    await mkdir(join(to, dirname(path)), { recursive: true });
    await cp(join(root, path), join(to, path));
  }
}

async function stageSources(service: string, to: string): Promise<void> {
  const filter = (path: string) => !LEFT_OUT.has(basename(path));
  for (const folder of await foldersOf(service))
    await cp(join(root, folder), join(to, folder), { recursive: true, filter });
  if (!WITH_MODELS.has(service)) return;
  const registry = join('models', 'registry.json');
  await mkdir(join(to, 'models'), { recursive: true });
  await cp(join(root, registry), join(to, registry));
  for await (const card of glob('models/*/*/model.json', { cwd: root }))
    await cp(join(root, dirname(card)), join(to, dirname(card)), { recursive: true });
}

if (process.argv[1] === import.meta.filename) {
  const [part, service, to] = process.argv.slice(2);
  if (service === undefined || to === undefined || (part !== 'manifests' && part !== 'sources'))
    throw new Error('usage: node deploy/stage.ts manifests|sources SERVICE FOLDER');
  if (part === 'manifests') await stageManifests(resolve(to));
  else await stageSources(service, resolve(to));
}
