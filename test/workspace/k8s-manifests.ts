/**
 * Writes the objects of a mesh in a cluster as YAML, for kustomize.
 *
 *   node test/workspace/k8s-manifests.ts
 */
import { readFile, writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { stringify } from 'yaml';
import { manifests } from '../../deploy/k8s/mesh.ts';
import { scaledObjects } from '../../deploy/k8s/scaling.ts';

const folder = resolve(import.meta.dirname, '../../deploy/k8s');
const HEAD = '# Written by: node test/workspace/k8s-manifests.ts\n';

/** The generated files: their paths and texts. */
export const k8sFiles: ReadonlyMap<string, string> = new Map(
  Object.entries({ 'mesh.yaml': manifests, 'keda/scaled-objects.yaml': scaledObjects }).map(([name, objects]) => [
    resolve(folder, name),
    HEAD + objects.map((one) => stringify(one, { aliasDuplicateObjects: false, lineWidth: 0 })).join('---\n'),
  ]),
);

if (process.argv[1] === import.meta.filename) {
  for (const [path, text] of k8sFiles) {
    const before = await readFile(path, 'utf8').catch(() => '');
    if (before !== text) await writeFile(path, text);
    console.log(`${path} ${before === text ? 'is up to date' : 'written'}`);
  }
}
