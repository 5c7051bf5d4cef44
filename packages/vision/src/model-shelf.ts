import { readdir, readFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { modelNameSchema, modelVersionSchema } from './model-card.ts';
import { ModelError } from './model-error.ts';

// Models lie on shelves: folders laid out as <name>/<version>/model.json. A person may have chosen a version; then
// in-use.json on a shelf says so. Otherwise the newest one of all shelves is used.

/** The shelf that comes with the project. */
export const builtInModelsDir = fileURLToPath(new URL('../../../models', import.meta.url));

/** File on a shelf that says which versions were chosen, by name. */
export const choicesFileName = 'in-use.json';

const choicesSchema = z.record(modelNameSchema, modelVersionSchema);

/** A model that lies on a shelf; nothing of it has been read. */
export interface ShelvedModel {
  readonly name: string;
  readonly version: string;
  /** Folder of its model.json. */
  readonly folder: string;
  readonly shelf: string;
}

/** The folders of a models path, which separates them as PATH does. */
export function shelvesOf(modelsDir: string): readonly string[] {
  return modelsDir.split(delimiter).filter((shelf) => shelf !== '');
}

/** All models of all shelves, by name, the newest first. Of the same version on two shelves the first one counts. */
export async function listModels(modelsDir: string): Promise<readonly ShelvedModel[]> {
  const found = new Map<string, ShelvedModel>();
  for (const shelf of shelvesOf(modelsDir)) {
    for (const name of await foldersIn(shelf, modelNameSchema)) {
      for (const version of await foldersIn(join(shelf, name), modelVersionSchema)) {
        const key = `${name}@${version}`;
        if (!found.has(key)) found.set(key, { name, version, folder: join(shelf, name, version), shelf });
      }
    }
  }
  return [...found.values()].sort((a, b) =>
    a.name === b.name ? compareVersions(b.version, a.version) : a.name < b.name ? -1 : 1,
  );
}

/** Orders versions by their numbers: 9 before 10, 1.9 before 1.10. */
export function compareVersions(a: string, b: string): number {
  return a.localeCompare(b, 'en', { numeric: true });
}

/** The versions that were chosen, by name; the first shelf that names a model counts. @throws ModelError when malformed. */
export async function modelChoices(modelsDir: string): Promise<Readonly<Record<string, string>>> {
  const perShelf = await Promise.all(shelvesOf(modelsDir).map(readChoices));
  return Object.assign({}, ...perShelf.reverse());
}

/**
 * The model that is used: the chosen version, or the newest one. Undefined when there is none at all.
 * @throws ModelError when the chosen one is not there: another one is not taken in its place.
 */
export async function modelInUse(modelsDir: string, name: string): Promise<ShelvedModel | undefined> {
  const versions = (await listModels(modelsDir)).filter((model) => model.name === name);
  const chosen = (await modelChoices(modelsDir))[name];
  if (chosen === undefined) return versions[0];
  const model = versions.find(({ version }) => version === chosen);
  if (model) return model;
  throw new ModelError(name, `version ${chosen} was chosen (${choicesFileName}), but it is not in ${modelsDir}`);
}

/** What in-use.json of one shelf says. */
export async function readChoices(shelf: string): Promise<Readonly<Record<string, string>>> {
  const path = join(shelf, choicesFileName);
  const text = await readFile(path, 'utf8').catch(absent);
  if (text === undefined) return {};
  try {
    return choicesSchema.parse(JSON.parse(text));
  } catch (cause) {
    throw new ModelError(path, 'is malformed: it must be {"NAME": "VERSION"}', { cause });
  }
}

async function foldersIn(folder: string, allowed: z.ZodType<string>): Promise<readonly string[]> {
  const names = (await readdir(folder).catch(absent)) ?? [];
  return names.filter((name) => allowed.safeParse(name).success);
}

function absent(error: NodeJS.ErrnoException): undefined {
  if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined;
  throw error;
}
